//! What a person may ask of a session beside its events: a proposal's texts, what a pattern would cover,
//! what a model was sent.

use crate::AgentError;
use crate::conversation::Conversation;
use crate::session::Session;
use countersign_guard::command::Pattern;
use countersign_guard::text::reveal_line;
use countersign_guard::{KeptRule, Policy, PolicySettings, Rule, Verdict};
use countersign_protocol::{
    ApprovalId, Envelope, Event, ModelCall, PatternMatches, ProposalTexts, Role, RuleId,
};
use countersign_tools::Proposal;
use serde_json::{Value, json};

/// Commands that are named at most; the last ones.
const MAX_NAMED: usize = 200;

impl Session {
    /// The texts of a write or an edit that waits on its card.
    pub(crate) fn texts(&self, approval: &ApprovalId) -> Result<ProposalTexts, AgentError> {
        self.workspace().broker().texts(approval).ok_or_else(|| {
            AgentError::state("No file waits on that card.", "It may have been decided meanwhile.")
        })
    }

    /// Which commands of the session a pattern covers, as the guard would decide with it alone.
    pub(crate) fn covered_by(&self, pattern: &str) -> Result<PatternMatches, AgentError> {
        let mut commands: Vec<Value> = Vec::new();
        for envelope in self.events(0)?.into_iter().rev() {
            if let Event::ToolCall { tool, args, .. } = envelope.event
                && tool == "exec"
                && !commands.iter().any(|known| known["command"] == args["command"])
                && commands.len() < MAX_NAMED
            {
                commands.push(args);
            }
        }
        let shown = |args: &Value| {
            args["command"].as_str().map(|command| reveal_line(command).shown).unwrap_or_default()
        };
        let pattern = match Pattern::for_rule(pattern) {
            Ok(pattern) => pattern,
            Err(refused) => {
                let others = commands.iter().map(shown).collect();
                return Ok(PatternMatches { refused: Some(refused), covered: Vec::new(), others });
            }
        };
        let rule =
            KeptRule { id: RuleId::new("asked"), rule: Rule::Command(pattern), expires: None };
        let workspace = self.workspace().under(Policy::new(PolicySettings::default(), vec![rule]));
        let view = workspace.view();
        let covers = |args: &&Value| match countersign_tools::propose("exec", args, &view) {
            Ok(Proposal::Act(action)) => matches!(workspace.decide(action), Verdict::Allow { .. }),
            Ok(Proposal::Answer(_) | Proposal::Reach(_)) | Err(_) => false,
        };
        let (covered, others): (Vec<&Value>, Vec<&Value>) = commands.iter().partition(covers);
        let names = |commands: Vec<&Value>| commands.into_iter().map(shown).collect();
        Ok(PatternMatches { refused: None, covered: names(covered), others: names(others) })
    }
}

/// What the model was sent in the step that began at `seq`, and what came back.
pub(crate) fn model_call(events: &[Envelope], seq: u64) -> Result<ModelCall, AgentError> {
    let at = events
        .iter()
        .position(|envelope| envelope.seq == Some(seq))
        .filter(|at| matches!(events[*at].event, Event::StepStarted { .. }));
    let at = at.ok_or_else(|| {
        AgentError::state("No model call began at that place.", "Look at the list again.")
    })?;
    let mut conversation = Conversation::default();
    for envelope in &events[..at] {
        conversation.apply(&envelope.event);
    }
    let mut response = None;
    for envelope in &events[at + 1..] {
        if let Event::Message { role: Role::Assistant, content, .. } = &envelope.event {
            response = serde_json::to_value(content).ok();
            break;
        }
        if let Event::StepStarted { .. } = &envelope.event {
            break;
        }
    }
    Ok(ModelCall { request: json!({"messages": conversation.messages()}), response })
}
