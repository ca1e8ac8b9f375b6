//! Models that follow a set: told of every append.

use almanac_data::Source;
use almanac_ingest::Read;
use serde_json::{Value, json};

use super::super::{Shared, forecasts};
use super::Covered;
use crate::follow::Watch;
use crate::store::KeptModel;
use crate::{Ctx, Error, Kept};

/// The name of the log of a model's events.
pub fn name(id: &str) -> String {
    format!("model {id}")
}

/// Tells the models that follow a set, or all of them, of the rows that are there now; beside the
/// request that brought them.
pub fn tell(app: &Shared, set: Option<String>) {
    let app = app.clone();
    tokio::spawn(async move {
        // One at a time: every row is seen once.
        let _one = app.following.lock().await;
        let models = match app.store.followers(set.as_deref()).await {
            Ok(models) => models,
            Err(error) => {
                tracing::error!(%error, "models cannot be told of new rows");
                return;
            }
        };
        for model in models {
            if let Err(error) = one(&app, &model).await {
                tracing::warn!(model = model.id, %error, "a model cannot follow its set");
            }
        }
    });
}

async fn one(app: &Shared, model: &KeptModel) -> Result<(), Error> {
    let Some(set) = model.follows.as_deref() else { return Ok(()) };
    let Some(set) = app.store.set(set).await? else { return Ok(()) };
    let bytes = app.store.model_bytes(model).await?;
    let (store, given) = (app.store.clone(), app.store.given(&set));
    let before = model.watch.clone();
    let moved = forecasts::work_out(app, move |ctx| {
        let kept = Kept::from_bytes(&bytes)?;
        let how = Source { set: None, ..kept.source() };
        moved(&kept, &*store.look(&how, &given)?, before, ctx)
    });
    let Some(Moved { watch, state }) = moved.await? else { return Ok(()) };
    let coverage = Covered::of(&watch);
    if app.store.move_model(model, &watch, state).await? {
        let told = json!({ "coverage": coverage, "rows": set.facts.rows });
        app.queue.log(&name(&model.id)).add("update", told);
    }
    Ok(())
}

/// What a model has seen of a set, and its state after that, where it has one.
struct Moved {
    watch: Watch,
    state: Option<(Value, Vec<u8>)>,
}

/// A model at the end of rows; none where nothing is new.
fn moved(kept: &Kept, read: &Read, before: Watch, ctx: &Ctx) -> Result<Option<Moved>, Error> {
    let mut watch = before.clone();
    watch.see(kept, read, ctx)?;
    if watch == before {
        return Ok(None);
    }
    let state = match kept.later(read, ctx)? {
        Some(later) => {
            let card =
                serde_json::to_value(&later.card).map_err(|e| Error::Failed(e.to_string()))?;
            Some((card, later.to_bytes()?))
        }
        None => None,
    };
    Ok(Some(Moved { watch, state }))
}
