//! What the journal of a session must be, however often it was disturbed.

use super::Reference;
use super::script::ACTING;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a call came to, by the journal.
#[derive(Default)]
struct Told {
    called: u32,
    started: Vec<u64>,
    /// Yeses that no start has used up.
    yeses: u32,
    /// Its last card, while it is open.
    open: Option<String>,
    finished: Vec<Value>,
}

/// A journal that is looked over.
#[derive(Default)]
struct Look {
    faults: Vec<String>,
    calls: BTreeMap<String, Told>,
    /// By approval: the card as it was first shown.
    cards: BTreeMap<String, Value>,
    decided: BTreeSet<String>,
    /// The places of `session_resumed`.
    resumed: Vec<u64>,
}

/// Looks a whole journal over. Gives the faults, and the calls that it reports as interrupted.
pub fn journal(journal: &[Value], reference: &Reference) -> (Vec<String>, BTreeSet<String>) {
    let mut look = Look::default();
    for (at, event) in journal.iter().enumerate() {
        if event["seq"] != at + 1 {
            look.faults.push(format!("at place {}: {event}", at + 1));
        }
        if event["type"] == "session_resumed" {
            look.resumed.push(at as u64 + 1);
        }
        let words = look.of_call(event);
        look.faults.extend(words.into_iter().map(|words| format!("at seq {}: {words}", at + 1)));
    }
    let Look { mut faults, calls, resumed, .. } = look;
    let mut interrupted = BTreeSet::new();
    for (id, told) in &calls {
        let mut fault = |words: &str| faults.push(format!("{id} {words}: {:?}", told.finished));
        let [finished] = told.finished.as_slice() else {
            fault("has not one end");
            continue;
        };
        // Nothing changes what the cards were made from, so nothing has a reason to start anew.
        if told.started.len() > 1 {
            fault("started twice");
        }
        let end = finished["seq"].as_u64().unwrap_or(0);
        let over = |start: &u64| resumed.iter().any(|seq| (*start..end).contains(seq));
        let spans = told.started.first().is_some_and(over);
        let words = finished["result"]["error"].as_str().unwrap_or_default();
        if words.contains("program was interrupted") {
            interrupted.insert(id.clone());
            if !spans {
                fault("is told as interrupted, and was not");
            }
        } else if spans {
            fault("was interrupted, and is not told so");
        } else if Some(outcome(finished)) != reference.outcome(id) {
            fault("came to something else than undisturbed");
        }
    }
    faults.extend(course(journal, reference));
    (faults, interrupted)
}

impl Look {
    /// Takes in what is told of a call, and gives what is wrong with it.
    fn of_call(&mut self, event: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (call, approval, kind) = (text("call"), text("approval"), text("type"));
        if call.is_empty() {
            return faults;
        }
        let told = self.calls.entry(call.clone()).or_default();
        if !told.finished.is_empty() {
            faults.push(format!("{kind} of {call}, which is finished"));
        }
        if (kind != "tool_call") != (told.called == 1) {
            faults.push(format!("{kind} of {call}, which was called {} times", told.called));
        }
        match kind.as_str() {
            "tool_call" => told.called += 1,
            "approval_requested" => {
                let card = face(event);
                let before = self.cards.entry(approval.clone()).or_insert_with(|| card.clone());
                if *before != card {
                    faults.push(format!("the card {approval} changed: {before} became {card}"));
                }
                if self.decided.contains(&approval) {
                    faults.push(format!("{approval} is shown again after it was decided"));
                }
                if told.yeses > 0 {
                    faults.push(format!("{call} was approved, and is asked again"));
                }
                told.open = Some(approval);
            }
            "approval_decided" => {
                if event["by"] == "user" && told.open.as_deref() != Some(&approval) {
                    faults.push(format!("{approval} is decided, and is not open"));
                }
                if !self.decided.insert(approval.clone()) {
                    faults.push(format!("{approval} is decided twice"));
                }
                let yes = event["decision"] == "approve" || event["decision"] == "approve_session";
                told.open = None;
                told.yeses = u32::from(yes);
            }
            "tool_started" => {
                if ACTING.contains(&call.as_str()) && std::mem::take(&mut told.yeses) != 1 {
                    faults.push(format!("{call} starts without a yes"));
                }
                told.started.push(event["seq"].as_u64().unwrap_or(0));
            }
            "tool_finished" => {
                if told.open.is_some() {
                    faults.push(format!("{call} is finished with an open card"));
                }
                told.finished.push(event.clone());
            }
            "files_changed" if told.started.is_empty() => {
                faults.push(format!("{call} changed files before its start"));
            }
            _ => {}
        }
        faults
    }
}

/// The run's frame: every step once, in order, with the same words of the model's, and one end.
fn course(journal: &[Value], reference: &Reference) -> Vec<String> {
    let mut faults = Vec::new();
    for kind in ["user_message", "step_started", "message", "tool_call", "step_finished"] {
        let (now, before) = (told(journal, kind), told(&reference.journal, kind));
        if now.len() != before.len() {
            faults.push(format!("{kind} {} times, and not {}", now.len(), before.len()));
        }
        for (now, before) in now.iter().zip(&before) {
            let same = kind == "user_message"
                || ["step", "content", "tool", "usage"]
                    .iter()
                    .all(|part| strip(&now[*part]) == strip(&before[*part]));
            if !same {
                faults.push(format!("{now}, and not {before}"));
            }
        }
    }
    let ends = told(journal, "run_finished");
    if ends.len() != 1 || ends[0]["reason"] != "end_turn" || journal.last() != ends.first().copied()
    {
        faults.push(format!("its ends are {ends:?}"));
    }
    faults
}

fn told<'a>(journal: &'a [Value], kind: &str) -> Vec<&'a Value> {
    journal.iter().filter(|event| event["type"] == kind).collect()
}

/// Without what each session has of its own: the mark, and the name of its folder.
fn strip(value: &Value) -> String {
    const OWN: [&str; 2] = ["mark-", "countersign-test-"];
    let mut text = value.to_string();
    for own in OWN {
        let mut parts = text.split(own);
        let mut stripped = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let named = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
            stripped += part.trim_start_matches(named);
        }
        text = stripped;
    }
    text
}

/// What a card shows, without what may differ when it is shown again.
fn face(event: &Value) -> Value {
    let mut face = event.clone();
    if let Some(fields) = face.as_object_mut() {
        for name in ["seq", "time", "undo", "reasons"] {
            fields.remove(name);
        }
    }
    face
}

/// What a call came to, without its time.
fn outcome(finished: &Value) -> String {
    let mut result = finished["result"].clone();
    if let Some(fields) = result.as_object_mut() {
        fields.remove("duration_ms");
    }
    strip(&serde_json::json!([finished["ok"], result, finished["exit_code"]]))
}

impl Reference {
    /// Whether its model makes a call.
    pub fn calls(&self, id: &str) -> bool {
        told(&self.journal, "tool_call").iter().any(|event| event["call"] == id)
    }

    fn outcome(&self, id: &str) -> Option<String> {
        let finished = told(&self.journal, "tool_finished");
        finished.iter().find(|event| event["call"] == id).map(|event| outcome(event))
    }
}

/// Whether all that was printed is in the journal, as it was.
pub fn printed<'a>(printed: impl Iterator<Item = &'a Value>, journal: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    for event in printed {
        let at = event["seq"].as_u64().and_then(|seq| usize::try_from(seq).ok()).unwrap_or(0);
        let kept = at.checked_sub(1).and_then(|at| journal.get(at));
        if kept != Some(event) {
            faults.push(format!("{event} was printed, and the journal has {kept:?}"));
        }
    }
    faults
}

/// Whether the model was sent each result once, as the journal has it.
pub fn sent(request: &Value, journal: &[Value]) -> Vec<String> {
    let messages = request["messages"].as_array().into_iter().flatten();
    let blocks = messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    let mut sent: Vec<(String, Value)> = Vec::new();
    for block in blocks.filter(|block| block["type"] == "tool_result") {
        let content = &block["content"];
        let content = content.as_str().or_else(|| content[0]["text"].as_str()).unwrap_or_default();
        let id = block["tool_use_id"].as_str().unwrap_or_default().to_owned();
        sent.push((id, serde_json::from_str(content).unwrap_or(Value::Null)));
    }
    sent.sort_by(|one, other| one.0.cmp(&other.0));
    let mut kept: Vec<(String, Value)> = told(journal, "tool_finished")
        .iter()
        .map(|event| {
            (event["call"].as_str().unwrap_or_default().to_owned(), event["result"].clone())
        })
        .collect();
    kept.sort_by(|one, other| one.0.cmp(&other.0));
    if sent == kept {
        Vec::new()
    } else {
        vec![format!("the model was sent {sent:?}, and not {kept:?}")]
    }
}
