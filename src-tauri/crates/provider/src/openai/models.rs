//! The models that a server lists.

use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    data: Option<Vec<Listed>>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

/// The first model of a list that one can talk to. Servers list those for embeddings beside them,
/// and only the name tells.
pub(super) fn first(list: &str) -> Option<String> {
    let list: List = serde_json::from_str(list).ok()?;
    let talks = |name: &String| {
        let name = name.to_ascii_lowercase();
        !name.trim().is_empty() && !name.contains("embed") && !name.contains("rerank")
    };
    list.data?.into_iter().map(|listed| listed.id).find(talks)
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn the_first_that_talks() {
        let list =
            r#"{"object":"list","data":[{"id":"text-embedding-x"},{"id":"qwen3:8b"},{"id":"b"}]}"#;
        assert_eq!(first(list).as_deref(), Some("qwen3:8b"));
        for none in
            [r#"{"data":[]}"#, r#"{"data":null}"#, "{}", "[]", "", r#"{"data":[{"id":""}]}"#]
        {
            assert_eq!(first(none), None, "{none}");
        }
    }
}
