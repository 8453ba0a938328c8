//! `policy check`: what the guard would decide.

use crate::BadUsage;
use crate::args::CheckArguments;
use countersign_agent::{AgentError, Check, Checker, Judgement, Overrides, Settings};
use countersign_protocol::{ExecSecurity, FileApproval, RuleId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// One line of `--batch`.
#[derive(Debug, Default, Deserialize)]
struct Question {
    #[serde(default)]
    id: Value,
    exec: Option<String>,
    tool: Option<String>,
    #[serde(default)]
    args: Option<Value>,
    text: Option<String>,
    allow: Option<Vec<String>>,
    exec_security: Option<ExecSecurity>,
    file_approval: Option<FileApproval>,
    workspace: Option<PathBuf>,
    cwd: Option<Value>,
    env: Option<Value>,
}

pub(crate) fn check(arguments: &CheckArguments) -> anyhow::Result<u8> {
    let folders = arguments.shared.folders()?;
    let settings = arguments.shared.settings(&folders)?;
    let workspace = arguments.shared.workspace();
    let mut checker = Checker::new(folders);
    if arguments.batch {
        batch(&mut checker, &workspace, &settings)?;
        return Ok(0);
    }
    let question = match (&arguments.exec, &arguments.tool, &arguments.args) {
        (Some(command), _, _) => exec_check(command, None, None),
        (None, Some(tool), Some(args)) => Check {
            tool: tool.clone(),
            args: serde_json::from_str(args)
                .map_err(|error| BadUsage(format!("--args is no JSON: {error}")))?,
        },
        (None, _, _) => {
            return Err(BadUsage("say --exec, --tool with --args, or --batch".to_owned()).into());
        }
    };
    let judged = checker.judge(&workspace, &settings, &question).map_err(|error| {
        if matches!(error, AgentError::Workspace(_)) {
            anyhow::Error::from(BadUsage(error.to_string()))
        } else {
            error.into()
        }
    })?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", Value::Object(answer(&judged)))?;
    Ok(0)
}

fn batch(checker: &mut Checker, workspace: &Path, settings: &Settings) -> anyhow::Result<()> {
    let mut prepared = Prepared::new(settings);
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut input = BufReader::with_capacity(1 << 16, std::io::stdin());
    let mut line = String::new();
    loop {
        // Whoever asks one by one waits for the answer before the next question.
        if !input.buffer().contains(&b'\n') {
            out.flush()?;
        }
        line.clear();
        if input.read_line(&mut line)? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let answered = match serde_json::from_str::<Question>(&line) {
            Ok(question) => answer_line(checker, workspace, &mut prepared, question),
            Err(error) => {
                let id = serde_json::from_str::<Value>(&line)
                    .ok()
                    .and_then(|value| value.get("id").cloned())
                    .unwrap_or(Value::Null);
                with_id(id, problem(&format!("the line makes no sense: {error}")))
            }
        };
        serde_json::to_writer(&mut out, &answered)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// What a line may carry of its own.
#[derive(PartialEq)]
struct Own {
    exec_security: Option<ExecSecurity>,
    file_approval: Option<FileApproval>,
    allow: Option<Vec<String>>,
}

/// Settings as lines carry them; many lines carry the same, so each is read once.
struct Prepared<'a> {
    base: &'a Settings,
    known: Vec<(Own, Settings)>,
}

impl<'a> Prepared<'a> {
    /// Settings that are kept ready.
    const MAX_KNOWN: usize = 64;

    fn new(base: &'a Settings) -> Self {
        Self { base, known: Vec::new() }
    }

    /// The settings with what the line carries; what is refused in it is warned about once.
    fn settings(&mut self, own: Own) -> &Settings {
        if let Some(place) = self.known.iter().position(|(known, _)| *known == own) {
            return &self.known[place].1;
        }
        let over = Overrides {
            exec_security: own.exec_security,
            allow: own.allow.clone().unwrap_or_default(),
            file_approval: own.file_approval,
            ..Overrides::default()
        };
        let (settings, warnings) = self.base.with(&over, own.allow.is_some());
        for warning in warnings {
            crate::say(&format!("warning: {warning}"));
        }
        if self.known.len() >= Self::MAX_KNOWN {
            self.known.clear();
        }
        self.known.push((own, settings));
        &self.known[self.known.len() - 1].1
    }
}

fn answer_line(
    checker: &mut Checker,
    workspace: &Path,
    prepared: &mut Prepared<'_>,
    question: Question,
) -> Value {
    if let Some(text) = question.text {
        let (shown, deceptive) = countersign_agent::reveal(&text);
        return json!({"id": question.id, "deceptive": deceptive, "shown": shown});
    }
    let check = match (question.exec, question.tool) {
        (Some(command), None) => exec_check(&command, question.cwd, question.env),
        (None, Some(tool)) => Check { tool, args: question.args.unwrap_or_else(|| json!({})) },
        _ => return with_id(question.id, problem("a line has \"exec\", \"tool\" or \"text\"")),
    };
    let own = Own {
        exec_security: question.exec_security,
        file_approval: question.file_approval,
        allow: question.allow,
    };
    let settings = prepared.settings(own);
    let workspace = question.workspace.as_deref().unwrap_or(workspace);
    let answered = match checker.judge(workspace, settings, &check) {
        Ok(judged) => answer(&judged),
        Err(error) => problem(&error.to_string()),
    };
    with_id(question.id, answered)
}

fn exec_check(command: &str, cwd: Option<Value>, env: Option<Value>) -> Check {
    let mut args = Map::new();
    args.insert("command".to_owned(), command.into());
    args.extend(cwd.map(|cwd| ("cwd".to_owned(), cwd)));
    args.extend(env.map(|env| ("env".to_owned(), env)));
    Check { tool: "exec".to_owned(), args: Value::Object(args) }
}

fn answer(judged: &Judgement) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("decision".to_owned(), judged.decision.into());
    object.insert("reason".to_owned(), judged.reason.clone().into());
    object.insert("rule".to_owned(), judged.rule.clone().into());
    if !judged.rule_ids.is_empty() {
        let ids: Vec<&str> = judged.rule_ids.iter().map(RuleId::as_str).collect();
        object.insert("rule_ids".to_owned(), ids.into());
    }
    if let Some(runs) = &judged.runs {
        object.insert("runs".to_owned(), runs.clone().into());
    }
    if let Some(folder) = &judged.folder {
        object.insert("cwd".to_owned(), folder.clone().into());
    }
    object
}

fn problem(reason: &str) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("decision".to_owned(), "error".into());
    object.insert("reason".to_owned(), reason.into());
    object.insert("rule".to_owned(), "the question makes no sense".into());
    object
}

fn with_id(id: Value, answer: Map<String, Value>) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), id);
    object.extend(answer);
    Value::Object(object)
}
