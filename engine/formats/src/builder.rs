//! The one way from what a text says to the model: names become indexes, absent fields get their defaults.
mod draft;

pub use draft::{DefaultsDraft, Draft, InstanceDraft, SyncGroupDraft, TrackInterfaceDraft, VipDraft};
