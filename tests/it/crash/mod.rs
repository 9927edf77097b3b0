//! The program itself, killed or told to stop while it works.

mod billing;
mod kill;
mod payments;
mod shutdown;

/// Numbers that look random and are the same in each run (xorshift).
fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}
