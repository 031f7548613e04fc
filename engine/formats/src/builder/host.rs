//! The interfaces of the node, by name.
use vrrplab_engine::model::InterfaceModel;

use crate::diagnostics::{Keepalived, Report, Spanned, nearest};

/// What an instance can stand on.
#[derive(Clone, Copy)]
pub(super) struct Host<'a> {
    pub(super) interfaces: &'a [InterfaceModel],
    /// `dynamic_interfaces`: those that are missing may come yet.
    pub(super) dynamic: bool,
}

impl<'a> Host<'a> {
    /// The interface of this name. A missing one ends keepalived, unless interfaces may come later.
    pub(super) fn find(&self, name: &Spanned<String>, report: &mut Report) -> Option<&'a InterfaceModel> {
        self.find_or(name, Keepalived::Refuses(5), report)
    }

    /// The same where keepalived goes on with this exit status of `keepalived -t`.
    pub(super) fn find_or(
        &self,
        name: &Spanned<String>,
        otherwise: Keepalived,
        report: &mut Report,
    ) -> Option<&'a InterfaceModel> {
        let found = self.interfaces.iter().find(|i| i.name == name.value);
        if found.is_none() && self.dynamic {
            let title = format!("there is no interface `{}` yet", name.value);
            report
                .warning(name, title, "left out here")
                .help("with `dynamic_interfaces` keepalived waits for it; here no interface comes later")
                .unnoticed();
        } else if found.is_none() {
            let title = format!("there is no interface `{}`", name.value);
            let help = self.help(&name.value);
            report.error(name, title, "not on this node").help(help).keepalived(otherwise);
        }
        found
    }

    fn help(&self, name: &str) -> String {
        let names: Vec<&str> = self.interfaces.iter().map(|i| i.name.as_str()).collect();
        let mut help = match names.as_slice() {
            [] => "the node has no interfaces".to_owned(),
            _ => format!("the node's interfaces are: {}", names.join(", ")),
        };
        if let Some(near) = nearest(name, names.into_iter()) {
            help += &format!("; did you mean `{near}`?");
        }
        help
    }
}
