//! Which plans something of the catalogue goes with.

/// The plans that an add-on goes with, or that a coupon can be redeemed with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EligiblePlans {
    All,
    /// Those with one of these codes: at least one, each once.
    Only(Vec<String>),
}

/// What is said of the plans says nothing, or contradicts itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotEligiblePlans {
    #[error("Name the plans, or say allPlans: true.")]
    None,
    #[error("Name the plans, or say allPlans: true, not both.")]
    Both,
}

impl EligiblePlans {
    /// Reads what is typed in: all plans, unless some are named or `all` is false.
    pub fn try_new(all: Option<bool>, named: Option<Vec<String>>) -> Result<Self, NotEligiblePlans> {
        match (all, named) {
            (Some(true), Some(_)) => Err(NotEligiblePlans::Both),
            (Some(true) | None, None) => Ok(EligiblePlans::All),
            (Some(false), None) => Err(NotEligiblePlans::None),
            (Some(false) | None, Some(named)) => match EligiblePlans::stored(named) {
                EligiblePlans::All => Err(NotEligiblePlans::None),
                only @ EligiblePlans::Only(_) => Ok(only),
            },
        }
    }

    /// What the database holds: no code means every plan.
    pub fn stored(mut codes: Vec<String>) -> Self {
        let mut known = std::collections::HashSet::new();
        codes.retain(|code| known.insert(code.clone()));
        if codes.is_empty() { EligiblePlans::All } else { EligiblePlans::Only(codes) }
    }

    pub fn is_all(&self) -> bool {
        *self == EligiblePlans::All
    }

    /// The codes that are named; none where it is all plans.
    pub fn codes(&self) -> &[String] {
        match self {
            EligiblePlans::All => &[],
            EligiblePlans::Only(codes) => codes,
        }
    }

    pub fn include(&self, plan_code: &str) -> bool {
        match self {
            EligiblePlans::All => true,
            EligiblePlans::Only(codes) => codes.iter().any(|code| code == plan_code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(all: Option<bool>, named: Option<&[&str]>) -> Result<EligiblePlans, NotEligiblePlans> {
        let named = named.map(|codes| codes.iter().copied().map(str::to_owned).collect());
        EligiblePlans::try_new(all, named)
    }

    #[test]
    fn all_plans_or_those_that_are_named() {
        let only = |codes: &[&str]| Ok(EligiblePlans::Only(codes.iter().copied().map(str::to_owned).collect()));
        for (all, named, expected) in [
            (None, None, Ok(EligiblePlans::All)),
            (Some(true), None, Ok(EligiblePlans::All)),
            (Some(false), None, Err(NotEligiblePlans::None)),
            (None, Some(&["b", "a", "b"][..]), only(&["b", "a"])),
            (Some(false), Some(&["a"]), only(&["a"])),
            (Some(true), Some(&["a"]), Err(NotEligiblePlans::Both)),
            (None, Some(&[]), Err(NotEligiblePlans::None)),
        ] {
            assert_eq!(read(all, named), expected, "{all:?} {named:?}");
        }
    }

    #[test]
    fn a_plan_is_included_by_its_code_to_the_letter() {
        let some = read(None, Some(&["basic", "pro"])).unwrap();
        assert!(some.include("pro") && !some.include("Pro") && !some.include("basi"));
        assert!(!some.is_all() && EligiblePlans::All.is_all() && EligiblePlans::All.include("any"));
        assert_eq!(EligiblePlans::stored(some.codes().to_vec()), some);
        assert_eq!(EligiblePlans::stored(Vec::new()), EligiblePlans::All);
    }
}
