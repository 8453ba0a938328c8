//! What a reply may say of the request it answers.

use serde_json::Value;

/// What a request holds that a reply can refer to.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// Of each tool result in order: the call's id, the content, whether it is an error.
    results: Vec<(String, String, bool)>,
    tool_ids: Vec<String>,
    last_user: String,
    /// The texts of the last message, on which a reply's `when` is matched.
    last_parts: Vec<String>,
}

impl Context {
    pub(crate) fn of_request(body: &Value) -> Self {
        let mut context = Self::default();
        let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
        for message in messages {
            let is_user = message["role"] == "user";
            if is_user {
                context.last_parts.clear();
            }
            if let Some(text) = message["content"].as_str().filter(|_| is_user) {
                text.clone_into(&mut context.last_user);
                context.last_parts.push(text.to_owned());
            }
            let mut texts = Vec::new();
            for block in message["content"].as_array().into_iter().flatten() {
                match block["type"].as_str() {
                    Some("text") if is_user => {
                        texts.push(block["text"].as_str().unwrap_or_default().to_owned());
                    }
                    Some("tool_use") => {
                        context.tool_ids.push(block["id"].as_str().unwrap_or_default().to_owned());
                    }
                    Some("tool_result") => {
                        let told = content_text(&block["content"]);
                        context.last_parts.push(told.clone());
                        let id = block["tool_use_id"].as_str().unwrap_or_default().to_owned();
                        context.results.push((id, told, block["is_error"] == true));
                    }
                    _ => {}
                }
            }
            if !texts.is_empty() {
                context.last_user = texts.join("\n");
                context.last_parts.extend(texts);
            }
        }
        context
    }

    /// Whether the last user message contains this.
    pub(crate) fn last_contains(&self, part: &str) -> bool {
        self.last_parts.iter().any(|text| text.contains(part))
    }

    /// This id, or it with a number where the conversation has it already.
    pub(crate) fn fresh_id(&self, id: &str) -> String {
        let taken = |id: &str| self.tool_ids.iter().any(|seen| seen == id);
        if !taken(id) {
            return id.to_owned();
        }
        let mut number = 2;
        loop {
            let next = format!("{id}_{number}");
            if !taken(&next) {
                return next;
            }
            number += 1;
        }
    }

    /// The text with its placeholders filled. What the request does not have is `(none)`; what is no
    /// placeholder stays as it is, and so do placeholders in what was filled in.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let Some(length) = rest[start..].find("}}") else { break };
            let name = &rest[start + 2..start + length];
            filled.push_str(&rest[..start]);
            if let Some(value) = self.value(name) {
                filled.push_str(&value);
                rest = &rest[start + length + 2..];
            } else {
                filled.push_str("{{");
                rest = &rest[start + 2..];
            }
        }
        filled.push_str(rest);
        filled
    }

    /// The same for every text in a JSON value, keys left alone.
    pub(crate) fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_value(item)).collect(),
            Value::Object(fields) => Value::Object(
                fields.iter().map(|(key, value)| (key.clone(), self.fill_value(value))).collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// The value of a placeholder; none where there is no such placeholder.
    fn value(&self, name: &str) -> Option<String> {
        let newest = self.results.iter().rev();
        let found = match name {
            "last_stdout" => newest.clone().find_map(|(_, content, _)| stdout(content)),
            "last_result" => newest.clone().next().map(|(_, content, _)| content.clone()),
            "last_feedback" => {
                newest.clone().find(|(_, _, error)| *error).map(|(_, content, _)| content.clone())
            }
            "last_user" => Some(self.last_user.clone()),
            _ => {
                let wanted = name.strip_prefix("stdout:")?;
                newest
                    .clone()
                    .filter(|(id, _, _)| id == wanted || is_repeat(id, wanted))
                    .find_map(|(_, content, _)| stdout(content))
            }
        };
        Some(found.unwrap_or_else(|| "(none)".to_owned()))
    }
}

/// The text of a tool result's content: a text, or the texts of its blocks.
fn content_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<&str> =
                blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n")
        }
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => content.to_string(),
    }
}

/// The `stdout` of a result that is a JSON object with one, without the line end that closes it.
fn stdout(content: &str) -> Option<String> {
    let value: Value = serde_json::from_str(content).ok()?;
    value["stdout"].as_str().map(|text| text.trim_end_matches('\n').to_owned())
}

/// Whether this is an id made by [`Context::fresh_id`] of the wanted one.
fn is_repeat(id: &str, wanted: &str) -> bool {
    id.strip_prefix(wanted).and_then(|rest| rest.strip_prefix('_')).is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn context() -> Context {
        Context::of_request(&json!({"messages": [
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "exec", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "{\"stdout\":\"out A\\n\"}"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "b", "name": "write", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "b", "is_error": true,
                 "content": [{"type": "text", "text": "use tabs"}]},
                {"type": "text", "text": "and {{last_result}}"}]},
        ]}))
    }

    #[test]
    fn placeholders_are_filled_once() {
        let context = context();
        for (text, wanted) in [
            ("<{{last_stdout}}>", "<out A>"),
            ("{{stdout:a}}|{{stdout:b}}", "out A|(none)"),
            ("{{last_result}}", "use tabs"),
            ("{{last_feedback}}", "use tabs"),
            ("{{last_user}}", "and {{last_result}}"),
            ("{{other}} {{ {{last_stdout}} {{", "{{other}} {{ out A {{"),
            ("plain", "plain"),
        ] {
            assert_eq!(context.fill(text), wanted, "{text}");
        }
        assert_eq!(
            context.fill_value(&json!({"path": ["{{last_stdout}}", 1, null]})),
            json!({"path": ["out A", 1, null]})
        );
    }

    #[test]
    fn the_last_message_is_what_when_looks_at() {
        let context = context();
        assert!(context.last_contains("tabs"));
        assert!(context.last_contains("and {{"));
        assert!(!context.last_contains("first"));
        assert!(!context.last_contains("out A"));
    }

    #[test]
    fn a_taken_id_gets_a_number_and_is_still_found() {
        assert_eq!(context().fresh_id("a"), "a_2");
        assert_eq!(context().fresh_id("c"), "c");
        assert!(is_repeat("a_2", "a"));
        assert!(!is_repeat("a_b", "a"));
        assert!(!is_repeat("ab", "a"));
    }
}
