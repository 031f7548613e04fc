//! Routes and rules: set and removed, and said.
use std::io;

use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::route::{RouteModel, RuleModel};
use vrrplab_engine::{KernelEvent, Rule};

use super::Host;
use crate::netlink::Changed;

impl Host {
    /// Where routes or rules are configured, the kernel is to tell of them.
    pub(super) fn watch_routes(&mut self) -> io::Result<()> {
        if has_routes(&self.model) { self.netlink.watch_routes() } else { Ok(()) }
    }

    /// One that was not set, or that somebody has removed, is not removed again: another's could fit its description.
    pub(super) fn change_route(&mut self, rule: Rule, route: &RouteModel, add: bool) {
        let line = route.line();
        if add || rule == Rule::StartLeftover || self.netlink.has_set_route(&line) {
            let done = self.netlink.change_route(route, add);
            self.note_change(rule, "route", &line, add, done);
        }
    }

    pub(super) fn change_rule(&mut self, rule: Rule, policy: &RuleModel, add: bool) {
        let line = policy.line();
        if add || rule == Rule::StartLeftover || self.netlink.has_set_rule(&line) {
            let done = self.netlink.change_rule(policy, add);
            self.note_change(rule, "rule", &line, add, done);
        }
    }

    fn note_change(
        &mut self,
        rule: Rule,
        what: &str,
        line: &str,
        add: bool,
        done: io::Result<(Changed, Vec<KernelEvent>)>,
    ) {
        let rule = rule.id();
        match done {
            Ok((changed, news)) => {
                self.unread.extend(news);
                match (add, changed) {
                    (true, Changed::Done) => tracing::info!(rule, line, "{what} set"),
                    (true, Changed::Already) => tracing::info!(rule, line, "{what} was set already"),
                    (false, Changed::Done) => tracing::info!(rule, line, "{what} removed"),
                    (false, Changed::Already) => tracing::debug!(rule, line, "{what} was gone already"),
                }
            }
            Err(why) if add => tracing::error!(rule, line, %why, "this {what} cannot be set"),
            Err(why) => tracing::error!(rule, line, %why, "this {what} cannot be removed"),
        }
    }
}

fn has_routes(model: &NodeModel) -> bool {
    let statics = &model.statics;
    !statics.routes.is_empty()
        || !statics.rules.is_empty()
        || model.instances.iter().any(|i| !i.routes.is_empty() || !i.rules.is_empty())
}

/// The words of routes and rules that are left out, one sentence for each line.
pub fn left_out(model: &NodeModel) -> Vec<String> {
    let routes = model.instances.iter().flat_map(|i| &i.routes).chain(&model.statics.routes);
    let rules = model.instances.iter().flat_map(|i| &i.rules).chain(&model.statics.rules);
    let routes = routes.map(|route| ("route", route.line(), &route.spec.undone));
    let rules = rules.map(|rule| ("rule", rule.line(), &rule.spec.undone));
    let said = routes.chain(rules).filter(|(_, _, undone)| !undone.is_empty());
    said.map(|(what, line, undone)| format!("{} of the {what} `{line}`, which is set without", undone.join(", ")))
        .collect()
}
