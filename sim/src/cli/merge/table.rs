//! Rows of seeds as Parquet: a column each, in groups, for programs that ask of millions.
use std::fs::File;
use std::io;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::explore::Row;

const SCHEMA: &str = "message run {
    required int64 seed (INTEGER(64, false));
    required int64 faults (INTEGER(64, false));
    required int64 events (INTEGER(64, false));
    required int64 sent (INTEGER(64, false));
    required int64 delivered (INTEGER(64, false));
    required int64 masters (INTEGER(64, false));
    required int64 outage_ns (INTEGER(64, false));
    required int64 sum (INTEGER(64, false));
    optional binary failure (STRING);
}";

/// The columns of numbers, in the order of the schema.
const NUMBERS: [fn(&Row) -> u64; 8] = [
    |row| row.seed,
    |row| row.faults,
    |row| row.events,
    |row| row.sent,
    |row| row.delivered,
    |row| row.masters,
    |row| row.outage_ns,
    |row| row.sum,
];

/// So many rows are a group.
const GROUP: usize = 1 << 16;

/// A table that is being written.
pub(super) struct Table {
    writer: SerializedFileWriter<File>,
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn new(file: File) -> io::Result<Table> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::builder().build()))?;
        Ok(Table { writer, rows: Vec::new() })
    }

    pub(super) fn push(&mut self, row: Row) -> io::Result<()> {
        self.rows.push(row);
        if self.rows.len() == GROUP { Ok(self.write_group()?) } else { Ok(()) }
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.writer.close()?;
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let missing = || ParquetError::General("a column is missing".to_owned());
        let mut group = self.writer.next_row_group()?;
        for number in NUMBERS {
            let values: Vec<i64> = self.rows.iter().map(|row| number(row).cast_signed()).collect();
            let mut column = group.next_column()?.ok_or_else(missing)?;
            column.typed::<Int64Type>().write_batch(&values, None, None)?;
            column.close()?;
        }
        let failures: Vec<ByteArray> =
            self.rows.iter().filter_map(|row| Some(row.failure.as_ref()?.as_bytes().to_vec().into())).collect();
        let there: Vec<i16> = self.rows.iter().map(|row| i16::from(row.failure.is_some())).collect();
        let mut column = group.next_column()?.ok_or_else(missing)?;
        column.typed::<ByteArrayType>().write_batch(&failures, Some(&there), None)?;
        column.close()?;
        group.close()?;
        self.rows.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let row = |seed: u64, failure: Option<&str>| Row {
            seed,
            faults: 1,
            events: 2,
            sent: 3,
            delivered: 4,
            masters: 5,
            outage_ns: 6,
            sum: u64::MAX - seed,
            failure: failure.map(str::to_owned),
        };
        let path = std::env::temp_dir().join(format!("vrrplab-table-{}.parquet", std::process::id()));
        let mut table = Table::new(File::create(&path).unwrap()).unwrap();
        table.push(row(7, None)).unwrap();
        table.push(row(8, Some("one-master: no master"))).unwrap();
        table.end().unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        std::fs::remove_file(&path).unwrap();
        let columns: Vec<Vec<Field>> =
            rows.iter().map(|row| row.get_column_iter().map(|(_, field)| field.clone()).collect()).collect();
        assert_eq!((columns.len(), &columns[0][0], &columns[0][8]), (2, &Field::ULong(7), &Field::Null));
        assert_eq!(columns[1][7], Field::ULong(u64::MAX - 8));
        assert_eq!(columns[1][8], Field::Str("one-master: no master".to_owned()));
    }
}
