//! The program itself, killed or told to stop while it works.

mod kill;
mod shutdown;
