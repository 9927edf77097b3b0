use super::engine::{Object, Type};
use crate::domain::add_on::AddOn;
impl Object for AddOn {
    fn declare() -> Type<Self> {
        Type::new("AddOn", "An add-on.").node(|add_on: &AddOn| add_on.id).column("code", "Code.", |add_on| &add_on.code)
    }
}
