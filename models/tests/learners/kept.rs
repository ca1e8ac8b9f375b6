//! Laws of kept learners: what is read back says the same bits, and what is damaged breaks nothing.

use almanac_models::Ctx;

use crate::cases::{kinds, ordinary};
use crate::subjects::all_obey;

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Whatever was learnt, the bytes of it say the same about rows that it has not seen.
#[test]
fn a_kept_learner_says_the_same() {
    let fresh = ordinary(7, 800);
    all_obey("kept and read back, the same bits", |subject| {
        for case in kinds() {
            let ask = if case.x.width() == fresh.x.width() { &fresh.x } else { &case.x };
            let Ok((said, kept, read)) = subject.kept(&Ctx::new(11), &case, ask) else { continue };
            let again = read(&kept, ask).map_err(|e| format!("{}: {e}", case.name))?;
            if bits(&again) != bits(&said) {
                return Err(format!("{}: {again:?} after {said:?}", case.name));
            }
        }
        Ok(())
    });
}

/// Bytes that end early are refused; bytes that were changed are refused or answer something, of
/// rows of any width.
#[test]
fn damaged_learners_break_nothing() {
    let (case, wide) = (ordinary(30, 700), &kinds()[10]);
    all_obey("damaged bytes are an error or an answer", |subject| {
        let (_, kept, read) =
            subject.kept(&Ctx::new(11), &case, &case.x).map_err(|e| e.to_string())?;
        let step = (kept.len() / 150).max(1);
        for at in (0..kept.len()).step_by(step) {
            if read(&kept[..at], &case.x).is_ok() {
                return Err(format!("read of {at} bytes of {}", kept.len()));
            }
            for change in [0x01, 0x10, 0x80, 0xff] {
                let mut damaged = kept.clone();
                damaged[at] ^= change;
                let _ = read(&damaged, &case.x);
                let _ = read(&damaged, &wide.x);
            }
        }
        // These say the same whatever is asked.
        let deaf = ["mean", "prior"].contains(&subject.name);
        if !deaf && read(&kept, &wide.x).is_ok() {
            return Err("answered rows of another width".into());
        }
        Ok(())
    });
}
