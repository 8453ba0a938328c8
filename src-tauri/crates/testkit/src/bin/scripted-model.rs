//! The scripted model as a program, for tests that run the product as one.
//!
//! `scripted-model (--script FILE.json | --seed-task) [--repeat] [--port N] [--record FILE.jsonl]`
//! prints `listening http://127.0.0.1:PORT` and serves until it is ended.

use countersign_testkit::{ModelServer, Options, Script, seed_task};
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

const USAGE: &str =
    "scripted-model (--script FILE.json | --seed-task) [--repeat] [--port N] [--record FILE.jsonl]";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed as well there is nobody left to tell.
            drop(writeln!(std::io::stderr(), "scripted-model: {error}\nusage: {USAGE}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (script, options) = parse(std::env::args().skip(1))?;
    let server = ModelServer::start_with(script, options).await?;
    let mut out = std::io::stdout();
    writeln!(out, "listening {}", server.url())?;
    out.flush()?;
    std::future::pending::<()>().await;
    Ok(())
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<(Script, Options), Box<dyn Error>> {
    let mut script = None;
    let mut repeat = false;
    let mut options = Options::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--script" => {
                let file = value()?;
                let text =
                    std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
                script =
                    Some(Script::from_json(&text).map_err(|error| format!("{file}: {error}"))?);
            }
            "--seed-task" => script = Some(seed_task()),
            "--repeat" => repeat = true,
            "--port" => {
                options.port = value()?.parse().map_err(|_| "--port needs a number to 65535")?;
            }
            "--record" => options.record = Some(value()?.into()),
            other => return Err(format!("{other:?} is not an option").into()),
        }
    }
    let script = script.ok_or("--script or --seed-task is needed")?;
    Ok((if repeat { script.repeating() } else { script }, options))
}
