//! The API's own page: its routes, read from the OpenAPI document.

use serde_json::Value;

use crate::page;
use crate::text::{escape, prose};

/// A page about an OpenAPI document, in JSON.
pub fn api_page(document: &str) -> String {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let title = words(&document["info"]["title"]);
    let about = told(&document["info"]["description"]);
    let mut body = format!(
        "<h1>{title} API</h1><p>{about}</p><p><a href=\"/openapi.json\">The OpenAPI document</a></p>"
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        let about = told(&tag["description"]);
        body.push_str(&format!("<h2 id=\"{0}\">{0}</h2><p>{about}</p>", escape(name)));
        for (path, method, route) in routes(&document) {
            if route["tags"][0].as_str() == Some(name) {
                body.push_str(&one(&document, (path, method), route));
            }
        }
    }
    body.push_str("<h2 id=\"refusals\">Refusals</h2><table><tr><th>status</th><th>when</th></tr>");
    for (name, answer) in fields(&document["components"]["responses"]) {
        let status = escape(name.trim_start_matches(|c: char| !c.is_ascii_digit()));
        body.push_str(&format!(
            "<tr><td>{status}</td><td>{}</td></tr>",
            told(&answer["description"])
        ));
    }
    page::plain(&format!("{title} API"), &(body + "</table>"))
}

fn routes(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    fields(&document["paths"])
        .flat_map(|(path, item)| fields(item).map(move |(method, route)| (path, method, route)))
}

fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// What a reference stands for, or the value itself.
fn found<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let place = value["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
    place.and_then(|place| document.pointer(place)).unwrap_or(value)
}

fn one(document: &Value, (path, method): (&str, &str), route: &Value) -> String {
    let summary = told(&route["summary"]);
    let method = escape(&method.to_uppercase());
    let mut html =
        format!("<details><summary><code>{method} {}</code> {summary}</summary>", escape(path));
    let more = told(&route["description"]);
    if !more.is_empty() {
        html.push_str(&format!("<p>{more}</p>"));
    }
    if let Some(parameters) = route["parameters"].as_array() {
        html.push_str("<table><tr><th>parameter</th><th>in</th><th>meaning</th></tr>");
        for one in parameters {
            let (name, place) = (words(&one["name"]), words(&one["in"]));
            let about = told(&one["description"]);
            html.push_str(&format!(
                "<tr><td><code>{name}</code></td><td>{place}</td><td>{about}</td></tr>"
            ));
        }
        html.push_str("</table>");
    }
    for (kind, content) in fields(&route["requestBody"]["content"]) {
        let table = properties(document, &content["schema"]);
        let example = example(content);
        html.push_str(&format!("<p>body: <code>{}</code></p>{example}{table}", escape(kind)));
    }
    html.push_str("<table><tr><th>status</th><th>answer</th></tr>");
    for (status, answer) in fields(&route["responses"]) {
        if answer["$ref"].is_string() {
            continue;
        }
        let kinds: Vec<String> = fields(&answer["content"]).map(|(kind, _)| escape(kind)).collect();
        let about = told(&answer["description"]);
        html.push_str(&format!("<tr><td>{status}</td><td>{about} {}</td></tr>", kinds.join(", ")));
    }
    html + "</table><p>or a <a href=\"#refusals\">refusal</a></p></details>"
}

/// The fields of a body.
fn properties(document: &Value, schema: &Value) -> String {
    let schema = found(document, schema);
    let required = |name: &str| {
        let names = schema["required"].as_array().into_iter().flatten();
        names.filter_map(Value::as_str).any(|own| own == name)
    };
    let row = |(name, field): (&str, &Value)| {
        let must = if required(name) { "needed" } else { "" };
        let about = [field, found(document, field)];
        let about = about.map(|one| &one["description"]).into_iter().find(|one| !one.is_null());
        let about = about.map(told).unwrap_or_default();
        format!("<tr><td><code>{}</code></td><td>{must}</td><td>{about}</td></tr>", escape(name))
    };
    let rows: String = fields(&schema["properties"]).map(row).collect();
    match rows.is_empty() {
        true => rows,
        false => format!("<table><tr><th>field</th><th></th><th>meaning</th></tr>{rows}</table>"),
    }
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

/// Words whose backquotes mark code.
fn told(value: &Value) -> String {
    prose(value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A route stands below its tag with its parameters and statuses; what is HTML is shown as text.
    #[test]
    fn routes_by_hand() {
        let page = api_page(
            r##"{"info": {"title": "<b>T"}, "tags": [{"name": "sets"}, {"name": "none"}],
                "paths": {"/v1/sets/{name}": {"get": {"tags": ["sets"], "summary": "Shows <i>",
                "parameters": [{"name": "name", "in": "path"}], "responses":
                {"200": {}, "404": {"$ref": "#/components/responses/Refused404"}},
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/s"}}}}}}},
                "s": {"required": ["y"], "properties": {"y": {"description": "A `value`."}}},
                "components": {"responses": {"Refused404": {"description": "Not there."}}}}"##,
        );
        assert!(page.contains("<code>GET /v1/sets/{name}</code> Shows &lt;i&gt;"), "{page}");
        assert!(page.contains("<td><code>name</code></td><td>path</td>"));
        assert!(page.contains("<td>200</td>") && page.contains("<td>404</td><td>Not there.</td>"));
        assert!(page.contains("<td>needed</td><td>A <code>value</code>.</td>"), "{page}");
        assert!(page.contains("&lt;b&gt;T") && !page.contains("<b>T"));
        assert_eq!(page.matches("<details>").count(), 1);
    }
}
