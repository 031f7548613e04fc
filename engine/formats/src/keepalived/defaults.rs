//! `global_defs` on its way to the instances: some values are copied where an instance begins, some hold at the end.
use vrrplab_engine::Span;

use super::lexer::Word;
use crate::builder::{DefaultsDraft, InstanceDraft, Spanned};

/// What is resolved at the end of the file, and what each instance copies where it begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults {
    pub(super) at_end: DefaultsDraft,
    pub(super) garp_repeat: Option<Spanned<i64>>,
    pub(super) garp_delay: Option<Spanned<Span>>,
    pub(super) garp_refresh: Option<Spanned<Span>>,
    pub(super) garp_refresh_repeat: Option<Spanned<i64>>,
    pub(super) down_timer_adverts: Option<Spanned<i64>>,
    pub(super) skip_check_adv_addr: Option<Spanned<bool>>,
}

impl Defaults {
    /// A new instance with the defaults that are copied where it begins.
    pub(super) fn begin_instance(&self, name: Word) -> InstanceDraft {
        let mut instance = InstanceDraft::new(name);
        instance.garp_repeat = self.garp_repeat.clone();
        instance.garp_delay = self.garp_delay.clone();
        instance.garp_refresh = self.garp_refresh.clone();
        instance.garp_refresh_repeat = self.garp_refresh_repeat.clone();
        instance.down_timer_adverts = self.down_timer_adverts.clone();
        instance.skip_check_adv_addr = self.skip_check_adv_addr.clone();
        instance
    }

    /// The defaults that hold for all instances; bursts for worse adverts follow the ordinary bursts.
    pub(super) fn at_the_end(self) -> DefaultsDraft {
        let mut defaults = self.at_end;
        defaults.garp_lower_prio_repeat = defaults.garp_lower_prio_repeat.or(self.garp_repeat);
        defaults.garp_lower_prio_delay = defaults.garp_lower_prio_delay.or(self.garp_delay);
        defaults
    }
}
