//! `vrrplab record`: a scenario played by the real keepalived, written down for `verify`.
use std::io::{self, IsTerminal};

use vrrplab_formats::scenario::{self, Disk};

use super::RecordArgs;
use super::output::{Exit, say, tell, tell_report};
use crate::record::{Options, clean_up, find, plan, record};

pub(super) fn run(args: &RecordArgs) -> io::Result<Exit> {
    if args.cleanup {
        let removed = clean_up();
        removed.iter().try_for_each(|name| say(&format!("removed {name}")))?;
        return say(&format!("{} leftovers removed", removed.len())).map(|()| Exit::Held);
    }
    let (Some(file), Some(out)) = (&args.file, &args.out) else {
        return refuse(&["what to record, and where? vrrplab record SCENARIO --out DIR".to_owned()]);
    };
    let (world, confs, report) = scenario::load_written(file, &Disk);
    tell_report(&report);
    let Some(world) = world else { return Ok(Exit::BadInput) };
    let plan = match plan(&world, &confs) {
        Ok(plan) => plan,
        Err(why) => return refuse(&why),
    };
    let tools = match find(&plan) {
        Ok(tools) => tools,
        Err(why) => return refuse(&why),
    };
    let (terminal, whole) = (io::stderr().is_terminal(), plan.duration.0 / 1_000_000_000);
    let progress = |run: usize, seconds: u64| {
        if terminal {
            tell(&format!("\rrun {run} of {}: {} of {whole} s ", args.runs, seconds.min(whole)));
        }
    };
    let notice = |line: &str| tell(&format!("{}{line}\n", if terminal { "\r\x1b[K" } else { "" }));
    let done = record(&plan, &tools, &Options { out, runs: args.runs.into(), progress: &progress, notice: &notice });
    if terminal {
        tell("\r\x1b[K");
    }
    match done {
        Ok(()) => {
            let (runs, out) = (args.runs, out.display());
            say(&format!("{}: {runs} run(s) of {whole} s with {} in {out}", plan.name, tools.keepalived))?;
            Ok(Exit::Held)
        }
        Err(why) => refuse(&[why]),
    }
}

fn refuse(why: &[String]) -> io::Result<Exit> {
    why.iter().for_each(|line| tell(&format!("error: {line}\n")));
    Ok(Exit::BadInput)
}
