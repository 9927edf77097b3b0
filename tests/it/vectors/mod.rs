//! Tables of inputs and what must come of them, from the sources of the rules.

mod schedules;
