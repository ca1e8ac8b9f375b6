//! The API's own page: its routes, read from the OpenAPI document.

use serde_json::Value;

use crate::page;
use crate::text::escape;

/// A page about an OpenAPI document, in JSON.
pub fn api_page(document: &str) -> String {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let title = words(&document["info"]["title"]);
    let about = words(&document["info"]["description"]);
    let mut body = format!(
        "<h1>{title} API</h1><p>{about}</p><p><a href=\"/openapi.json\">The OpenAPI document</a></p>"
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        body.push_str(&format!(
            "<h2 id=\"{0}\">{0}</h2><p>{1}</p>",
            escape(name),
            words(&tag["description"])
        ));
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, route) in item.as_object().into_iter().flatten() {
                if route["tags"][0].as_str() == Some(name) {
                    body.push_str(&one(path, method, route));
                }
            }
        }
    }
    page::plain(&format!("{title} API"), &body)
}

fn one(path: &str, method: &str, route: &Value) -> String {
    let summary = words(&route["summary"]);
    let method = escape(&method.to_uppercase());
    let mut html =
        format!("<details><summary><code>{method} {}</code> {summary}</summary>", escape(path));
    let more = words(&route["description"]);
    if !more.is_empty() {
        html.push_str(&format!("<p>{more}</p>"));
    }
    if let Some(parameters) = route["parameters"].as_array() {
        html.push_str("<table><tr><th>parameter</th><th>in</th><th>meaning</th></tr>");
        for one in parameters {
            let (name, place) = (words(&one["name"]), words(&one["in"]));
            let about = words(&one["description"]);
            html.push_str(&format!(
                "<tr><td><code>{name}</code></td><td>{place}</td><td>{about}</td></tr>"
            ));
        }
        html.push_str("</table>");
    }
    for (kind, content) in route["requestBody"]["content"].as_object().into_iter().flatten() {
        html.push_str(&format!("<p>body: <code>{}</code>{}</p>", escape(kind), example(content)));
    }
    html.push_str("<table><tr><th>status</th><th>answer</th></tr>");
    for (status, answer) in route["responses"].as_object().into_iter().flatten() {
        let kinds: Vec<String> = answer["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(kind, _)| escape(kind))
            .collect();
        let about = words(&answer["description"]);
        html.push_str(&format!("<tr><td>{status}</td><td>{about} {}</td></tr>", kinds.join(", ")));
    }
    html + "</table></details>"
}

fn example(content: &Value) -> String {
    match &content["example"] {
        Value::Null => String::new(),
        Value::String(text) => format!("<pre>{}</pre>", escape(text)),
        other => format!("<pre>{}</pre>", escape(&format!("{other:#}"))),
    }
}

fn words(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A route stands below its tag with its parameters and statuses; what is HTML is shown as text.
    #[test]
    fn routes_by_hand() {
        let page = api_page(
            r#"{"info": {"title": "<b>T"}, "tags": [{"name": "sets"}, {"name": "none"}],
                "paths": {"/v1/sets/{name}": {"get": {"tags": ["sets"], "summary": "Shows <i>",
                "parameters": [{"name": "name", "in": "path"}], "responses": {"404": {}}}}}}"#,
        );
        assert!(page.contains("<code>GET /v1/sets/{name}</code> Shows &lt;i&gt;"), "{page}");
        assert!(page.contains("<td><code>name</code></td><td>path</td>"));
        assert!(
            page.contains("<td>404</td>") && page.contains("&lt;b&gt;T") && !page.contains("<b>T")
        );
        assert_eq!(page.matches("<details>").count(), 1);
    }
}
