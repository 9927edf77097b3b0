//! The API over real HTTP, a file a noun.

mod fulfilment;
