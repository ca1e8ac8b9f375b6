//! Keys: who may do what; and the way in.

use super::forms::{choice, field, line, whole};
use super::{Frame, encoded, moment, section, shell};
use crate::tables::scrolling;
use crate::text::{escape, prose};

/// What the page of keys shows.
#[derive(Debug, Default)]
pub struct Keys {
    /// All keys.
    pub keys: Vec<KeyLine>,
    /// The token of a key that was just made: told once.
    pub token: Option<String>,
}

/// A key.
#[derive(Debug, Default)]
pub struct KeyLine {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// `read`, `write` or `admin`.
    pub role: String,
    /// When it was made, ends and was revoked, in Unix milliseconds.
    pub at: (i64, Option<i64>, Option<i64>),
    /// Whether it still opens anything.
    pub live: bool,
}

/// The page of keys, for those who may make them.
pub fn keys(frame: &Frame, view: &Keys) -> String {
    let told = view.token.as_ref().map(|token| {
        format!(
            "<div class=told role=status><p><b>Copy the token now: it is not shown again.</b></p>{}</div>",
            field("token", "Token", &line("token", "token", token, "readonly size=70"), "")
        )
    });
    let row = |key: &KeyLine| row(frame, key);
    let table = match view.keys.is_empty() {
        true => "<p class=empty>There is no key yet: on this machine nobody needs one.</p>".into(),
        false => scrolling(
            "Keys",
            &format!(
                "<table class=list><thead><tr><th scope=col>For</th><th scope=col>Id</th>\
                 <th scope=col>Role</th><th scope=col>Made</th><th scope=col>Ends</th>\
                 <th scope=col></th></tr></thead><tbody>{}</tbody></table>",
                view.keys.iter().map(row).collect::<String>()
            ),
        ),
    };
    let body = format!(
        "<h1>Keys</h1>{}{table}{}",
        told.unwrap_or_default(),
        section("new", "A new key", &fresh(frame))
    );
    shell(&Frame { title: "Keys".into(), part: "/keys", ..frame.clone() }, &body)
}

fn row(frame: &Frame, key: &KeyLine) -> String {
    let revoke = format!(
        "<form method=post action=\"/keys/{}/revoke\">{}<button aria-label=\"Revoke {}\">Revoke\
             </button></form>",
        encoded(&key.id),
        frame.sealed(),
        escape(&key.name)
    );
    let (made, ends, revoked) = key.at;
    let state = match (key.live, revoked) {
        (_, Some(at)) => format!("revoked {}", moment(at)),
        (true, None) => revoke,
        (false, None) => "ended".into(),
    };
    format!(
        "<tr><th scope=row class=name>{}</th><td><code>{}</code></td><td>{}</td><td>{}</td>\
             <td>{}</td><td>{state}</td></tr>",
        escape(&key.name),
        escape(&key.id),
        escape(&key.role),
        moment(made),
        ends.map_or("never".into(), moment),
    )
}

fn fresh(frame: &Frame) -> String {
    let roles = [
        ("read", "read: look, and forecast"),
        ("write", "write: also upload, run and delete"),
        ("admin", "admin: also make keys"),
    ];
    format!(
        "<form method=post action=/keys>{}{}{}{}<button>Make the key</button></form>",
        frame.sealed(),
        field("name", "What it is for", &line("name", "name", "", "required maxlength=200"), ""),
        field("role", "What it may do", &choice("role", "role", "read", roles), ""),
        field(
            "days",
            "Days until it ends",
            &whole("days", "days", "", (1, 36_500)),
            "Left empty, never."
        ),
    )
}

/// The way in: `next` is where to go then, `refused` what to say of the last try.
pub fn login(frame: &Frame, next: &str, refused: Option<&str>) -> String {
    let refused = refused
        .map(|words| format!("<p class=warning role=alert>{}</p>", prose(words)))
        .unwrap_or_default();
    let control = "<input id=key name=key type=password required autocomplete=current-password \
                   autofocus spellcheck=false>";
    let body = format!(
        "<h1>Log in</h1>{refused}<form method=post action=/login>{}<input type=hidden name=next \
         value=\"{}\"><input name=user value=almanac autocomplete=username hidden>{}\
         <button>Log in</button></form>",
        frame.sealed(),
        escape(next),
        field(
            "key",
            "Your key",
            control,
            "It begins with `alm_`. Whoever runs this server makes one with `almanac key create`."
        ),
    );
    shell(&Frame { title: "Log in".into(), stranger: true, ..frame.clone() }, &body)
}
