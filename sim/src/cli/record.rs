//! `vrrplab record`: a scenario played by the real keepalived, written down for `verify`.
use std::io::{self, IsTerminal};

use vrrplab_formats::scenario::{self, Disk, Places};

use super::RecordArgs;
use super::output::{Exit, say, tell, tell_report};
use crate::record::{ATTEMPTS, Options, Program, clean_up, find, interrupts, plan, record, report};

pub(super) fn run(args: &RecordArgs) -> io::Result<Exit> {
    if args.cleanup {
        let removed = clean_up();
        removed.iter().try_for_each(|name| say(&format!("removed {name}")))?;
        return say(&format!("{} leftovers removed", removed.len())).map(|()| Exit::Held);
    }
    let (Some(file), Some(out)) = (&args.file, &args.out) else {
        return refuse(&["what to record, and where? vrrplab record SCENARIO --out DIR".to_owned()]);
    };
    let (world, confs, found) = scenario::load_written(file, &Disk);
    tell_report(&found);
    let Some(world) = world else { return Ok(Exit::BadInput) };
    let plan = match plan(&world, &confs) {
        Ok(plan) => plan,
        Err(refusals) => {
            tell_report(&report(&refusals, &Places::read(file, &Disk)));
            return Ok(Exit::BadInput);
        }
    };
    let tools = match find(&plan, Program::Keepalived) {
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
    let runs = args.runs.into();
    let options = Options { out, runs, attempts: ATTEMPTS, progress: &progress, notice: &notice };
    let done = interrupts().and_then(|[interrupt]| record(&plan, &tools, &options, &interrupt));
    if terminal {
        tell("\r\x1b[K");
    }
    match done {
        Ok(_) => {
            let (runs, out) = (args.runs, out.display());
            say(&format!("{}: {runs} run(s) of {whole} s with {} in {out}", plan.name, tools.version))?;
            Ok(Exit::Held)
        }
        Err(why) => refuse(&[why]),
    }
}

fn refuse(why: &[String]) -> io::Result<Exit> {
    why.iter().for_each(|line| tell(&format!("error: {line}\n")));
    Ok(Exit::BadInput)
}
