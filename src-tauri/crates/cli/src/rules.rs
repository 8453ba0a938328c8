//! `policy rules` and `policy revoke`: the rules that the person made on cards.

use crate::BadUsage;
use crate::args::{RevokeArguments, RulesArguments};
use countersign_agent::{all_rules, revoke_rule};
use countersign_protocol::{RuleGrant, RuleId, RuleRecord};
use std::io::Write as _;

/// Lists the rules: those in force, or all that were ever made.
pub(crate) fn list(arguments: &RulesArguments) -> anyhow::Result<u8> {
    let rules = all_rules(&arguments.data.folders()?)?;
    let workspace = arguments
        .workspace
        .as_ref()
        .map(|folder| std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone()));
    let mut out = std::io::stdout().lock();
    let mut shown = 0;
    for rule in rules {
        let here = workspace
            .as_ref()
            .is_none_or(|workspace| *workspace == std::path::Path::new(&rule.workspace));
        if !here || !(arguments.all || rule.in_force) {
            continue;
        }
        shown += 1;
        if arguments.json {
            writeln!(out, "{}", serde_json::to_string(&rule)?)?;
        } else {
            describe(&mut out, &rule)?;
        }
    }
    if shown == 0 && !arguments.json {
        writeln!(out, "No rules. They are made on cards: \"for this session\" and \"always\".")?;
    }
    Ok(0)
}

/// Ends a rule.
pub(crate) fn revoke(arguments: &RevokeArguments) -> anyhow::Result<u8> {
    let id = RuleId::new(arguments.rule.as_str());
    let rule = revoke_rule(&arguments.data.folders()?, &id)?
        .ok_or_else(|| BadUsage(format!("there is no rule {id} in force")))?;
    writeln!(
        std::io::stdout().lock(),
        "Revoked: {}. It asks again from the next call on.",
        words(&rule)
    )?;
    Ok(0)
}

fn words(rule: &RuleRecord) -> String {
    match &rule.grant {
        RuleGrant::Command { .. } => format!("commands {}", rule.shown),
        RuleGrant::EditFile { .. } => format!("edits of {}", rule.shown),
        RuleGrant::EditWorkspace => "edits in this workspace".to_owned(),
        RuleGrant::Look { .. } => format!("looks at {}", rule.shown),
    }
}

fn describe(out: &mut impl std::io::Write, rule: &RuleRecord) -> std::io::Result<()> {
    let how_long = match (&rule.revoked, &rule.expires, rule.lasting) {
        (Some(revoked), ..) => format!("no more, revoked {revoked}"),
        (None, Some(end), _) if !rule.in_force => format!("no more, expired {end}"),
        (None, Some(end), true) => format!("until {end}"),
        (None, Some(end), false) => format!("for its session, until {end} at most"),
        (None, None, true) => "always".to_owned(),
        (None, None, false) => "for its session".to_owned(),
    };
    writeln!(out, "{}", words(rule))?;
    writeln!(out, "  id         {}", rule.id)?;
    writeln!(out, "  holds      {how_long}, in {}", rule.workspace)?;
    writeln!(out, "  made       {}, on the card of {}", rule.made, rule.source)?;
    match &rule.last_used {
        Some(last) => writeln!(out, "  used       {} times, last {last}", rule.uses),
        None => writeln!(out, "  used       never"),
    }
}
