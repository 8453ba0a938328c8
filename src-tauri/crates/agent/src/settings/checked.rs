//! Values of the settings file that are refused where they make no sense.

use countersign_protocol::Prices;
use countersign_provider::traces_url;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The highest price that is believed, in US dollars for a million tokens.
const HIGHEST: f64 = 100_000.0;

/// The address of a collector of traces.
pub(super) fn endpoint<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let endpoint = String::deserialize(from)?;
    traces_url(&endpoint).map_err(D::Error::custom)?;
    Ok(Some(endpoint))
}

/// Prices that can be reckoned with.
pub(super) fn prices<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Prices>, D::Error> {
    let prices = Prices::deserialize(from)?;
    let Prices { input, output, cache_read, cache_write } = prices;
    for price in [Some(input), Some(output), cache_read, cache_write].into_iter().flatten() {
        if !(0.0..=HIGHEST).contains(&price) {
            return Err(D::Error::custom(format!(
                "{price} is no price: US dollars for a million tokens, from 0 to {HIGHEST}"
            )));
        }
    }
    Ok(Some(prices))
}
