//! `almanac key`: keys of the API, made where the store is.

use std::path::PathBuf;

use almanac_api::Error;
use almanac_api::store::{Key, Role, Store};
use serde_json::json;

use crate::Outcome;
use crate::args::{KeyArgs, KeyCommand};
use crate::commands::serve::runtime;
use crate::say::Say;
use crate::table::{Column, Table};

/// Makes, lists or revokes.
pub fn run(args: &KeyArgs, say: &Say) -> Result<Outcome, Error> {
    let root = args.store.clone().unwrap_or_else(|| PathBuf::from("almanac-store"));
    runtime()?.block_on(async {
        let store = Store::open(&root).await?;
        let done = command(args, &store, say).await;
        store.close().await;
        done.map(|()| Outcome::Done)
    })
}

async fn command(args: &KeyArgs, store: &Store, say: &Say) -> Result<(), Error> {
    match &args.command {
        KeyCommand::Create { name, role, days } => {
            let known = Role::of(role).ok_or_else(|| {
                let hint = "a key may read, write or admin".to_string();
                Error::mistake(format!("unknown role `{role}`"), hint)
            })?;
            let secret = store.create_key(name, known, *days).await?;
            if args.json {
                say.json(&json!(secret));
            } else {
                say.data(&format!("{}\n", secret.token));
                say.remark(
                    "this is the only time it is shown: send it as `Authorization: Bearer …`",
                );
            }
        }
        KeyCommand::List => {
            let keys = store.keys().await?;
            if args.json {
                say.json(&json!(keys));
            } else {
                say.table(&listed(&keys));
            }
        }
        KeyCommand::Revoke { id } => {
            if !store.revoke_key(id).await? {
                let hint = "`almanac key list` shows them".to_string();
                return Err(Error::mistake(format!("no live key `{id}`"), hint));
            }
            say.remark(&format!("revoked {id}"));
        }
    }
    Ok(())
}

fn listed(keys: &[Key]) -> Table {
    let left = |name| Column::left(name, 0);
    let mut table = Table::new(vec![left("id"), left("name"), left("role"), left("state")]);
    for key in keys {
        let state = match (key.revoked, key.is_live()) {
            (Some(_), _) => "revoked",
            (None, true) => "live",
            (None, false) => "expired",
        };
        table.row(vec![key.id.clone(), key.name.clone(), key.role.name().into(), state.into()]);
    }
    table
}
