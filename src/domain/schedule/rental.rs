//! A rental's payment schedule: when each month's payment is due (`rental.md` §4, `decisions.md` 4 and 5).

use super::engine::{FirstBoundary, MonthSet, Rhythm, Schedule};
use super::grid::Grid;
use super::settings::Interval;
use crate::domain::billing_group::BillingDay;
use crate::domain::calendar::start_of_day;
use crate::domain::period::{BillingPeriod, Period, ProrationUnit};
use crate::domain::subscription::{ContractLength, ScheduledPaymentStatus};
use crate::domain::tenant::BillingStart;
use crate::domain::{Date, Instant, Zone};

/// The terms that decide when a rental runs and when it is paid.
#[derive(Clone, Copy, Debug)]
pub struct RentalTerms {
    /// The first day, in `zone`.
    pub start: Date,
    pub length: ContractLength,
    pub billing_start: BillingStart,
    /// The day of its billing group, where it is billed together with others.
    pub billing_day: Option<BillingDay>,
    pub zone: Zone,
}

impl RentalTerms {
    /// The due dates: one for each month of the contract, always as many as it has months. Days clamp to the month's
    /// end, counted from the first due date each time, so that 31 January is followed by 28 February and 31 March.
    pub fn due_dates(&self) -> impl Iterator<Item = Date> {
        let (grid, first) = self.due_grid();
        (first..first + i64::from(self.length.months())).map_while(move |month| grid.day(month))
    }

    /// The due date of one payment, from 1 on, also of one beyond the contract.
    pub fn due_date(&self, sequence: i32) -> Option<Date> {
        let (grid, first) = self.due_grid();
        grid.day(first + i64::from(sequence) - 1)
    }

    /// The days of the due dates, and the place of the first one among them.
    fn due_grid(&self) -> (Grid, i64) {
        let own = Grid::from_day(self.start, BillingPeriod::Month);
        let firsts = Grid::calendar(BillingPeriod::Month);
        let (grid, first) = match self.billing_start {
            BillingStart::Immediate => (own, 0),
            BillingStart::FirstOfNextMonth => (firsts, firsts.last_by_day(self.start) + 1),
            BillingStart::SameDayNextMonth => (own, 1),
        };
        // A group bills once a month on its own day, which every month has: the first time on or after the rental's
        // own first due date, then month by month, so that no month has two payments.
        match (self.billing_day.map(Grid::monthly), grid.day(first)) {
            (Some(group), Some(due)) => (group, group.first_from_day(due)),
            _ => (grid, first),
        }
    }

    /// The months of the contract, from its start to its end.
    pub fn months(&self) -> Schedule {
        let rhythm = Rhythm {
            grid: Grid::from_day(self.start, BillingPeriod::Month),
            count: Interval::ONE,
            first: FirstBoundary::NextAnchor(MonthSet::ALL),
            unit: ProrationUnit::Second,
        };
        Schedule::new(self.start_instant(), self.zone, rhythm).at_most(Some(self.length.months()))
    }

    /// The month of the contract, `[start, end)`, that a payment is for; months after its end are counted on.
    pub fn month(&self, sequence: i32) -> Option<Period> {
        let number = u32::try_from(sequence).ok().filter(|number| *number > 0)?;
        self.months().at_most(None).period(number).map(|month| month.period)
    }

    /// The schedule as it stands when the rental is made on `today`: what was due before is settled elsewhere.
    pub fn payments(&self, today: Date) -> impl Iterator<Item = (Date, ScheduledPaymentStatus)> {
        self.due_dates().map(move |due| {
            let settled = due < today;
            (due, if settled { ScheduledPaymentStatus::SettledElsewhere } else { ScheduledPaymentStatus::Scheduled })
        })
    }

    /// The first due date that is still open on `today`.
    pub fn next_billing_date(&self, today: Date) -> Option<Date> {
        self.due_dates().find(|due| *due >= today)
    }

    /// The first moment of the rental.
    pub fn start_instant(&self) -> Instant {
        start_of_day(self.start, self.zone)
    }

    /// The moment at which the contract is over: `length` months after its start, the day clamped.
    pub fn end_instant(&self) -> Instant {
        self.months().ends_at().unwrap_or(Instant::MAX_UTC)
    }

    /// The moment of the first due date, from which later periods are counted.
    pub fn billing_anchor(&self) -> Instant {
        start_of_day(self.due_dates().next().unwrap_or(self.start), self.zone)
    }

    /// The month of the contract, `[start, end)`, in which `now` falls: the first one before the contract starts, the
    /// last one when it is over.
    pub fn period_at(&self, now: Instant) -> (Instant, Instant) {
        let months = self.months();
        let running = months
            .period_at(now)
            .or_else(|| months.period(if now < months.start() { 1 } else { self.length.months() }));
        running.map_or((now, now), |month| (month.period.start, month.period.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice;
    use crate::domain::calendar::{FIRST_DAY, months_later};
    use chrono::{Datelike, Days};
    use proptest::prelude::*;

    fn terms(start: &str, months: i32, billing_start: BillingStart) -> RentalTerms {
        RentalTerms {
            start: start.parse().unwrap(),
            length: ContractLength::try_new(months).unwrap(),
            billing_start,
            billing_day: None,
            zone: Zone::UTC,
        }
    }

    fn dues(terms: RentalTerms) -> Vec<String> {
        terms.due_dates().map(|due| due.to_string()).collect()
    }

    /// `rental.md` §12, items 6 and 7, and the documented example of §4.
    #[test]
    fn the_three_billing_starts() {
        use BillingStart::{FirstOfNextMonth, Immediate, SameDayNextMonth};
        let immediate = dues(terms("2025-01-31", 12, Immediate));
        assert_eq!(immediate[..3], ["2025-01-31", "2025-02-28", "2025-03-31"]);
        assert_eq!((immediate.len(), immediate[11].as_str()), (12, "2025-12-31"));
        let first = dues(terms("2025-01-31", 12, FirstOfNextMonth));
        assert_eq!((first.len(), first[0].as_str(), first[11].as_str()), (12, "2025-02-01", "2026-01-01"));
        let same = dues(terms("2025-01-31", 12, SameDayNextMonth));
        assert_eq!(same[..2], ["2025-02-28", "2025-03-31"]);
        assert_eq!((same.len(), same[11].as_str()), (12, "2026-01-31"));

        for (start, billing_start, due) in [
            ("2024-01-31", SameDayNextMonth, "2024-02-29"),
            ("2025-02-01", FirstOfNextMonth, "2025-03-01"),
            ("2025-12-15", FirstOfNextMonth, "2026-01-01"),
            ("2025-01-01", Immediate, "2025-01-01"),
        ] {
            assert_eq!(dues(terms(start, 12, billing_start))[0], due, "{start} {billing_start:?}");
        }
    }

    #[test]
    fn a_billing_group_moves_the_due_dates_to_its_day() {
        let with = |start: &str, day: i32| {
            let day = Some(BillingDay::try_new(day).unwrap());
            dues(RentalTerms { billing_day: day, ..terms(start, 3, BillingStart::Immediate) })
        };
        assert_eq!(with("2025-01-31", 15), ["2025-02-15", "2025-03-15", "2025-04-15"]);
        assert_eq!(with("2025-01-15", 15), ["2025-01-15", "2025-02-15", "2025-03-15"]);
        // The rental's own second due date is 28 February as well: still one payment a month.
        assert_eq!(with("2025-01-30", 28), ["2025-02-28", "2025-03-28", "2025-04-28"]);
    }

    /// `rental.md` §12, item 21: what was due before today is settled elsewhere; the next is due today or later.
    #[test]
    fn an_import_is_never_charged_for_the_past() {
        let terms = terms("2024-06-15", 24, BillingStart::Immediate);
        let today = "2025-01-31".parse().unwrap();
        assert_eq!(terms.next_billing_date(today), "2025-02-15".parse().ok());
        let settled = terms.payments(today).filter(|(_, status)| *status == ScheduledPaymentStatus::SettledElsewhere);
        assert_eq!(settled.count(), 8);
        assert_eq!(
            terms.next_billing_date("2025-02-15".parse().unwrap()),
            "2025-02-15".parse().ok(),
            "due today is open"
        );
        assert_eq!(terms.next_billing_date("2027-01-01".parse().unwrap()), None);
    }

    #[test]
    fn the_end_is_counted_from_the_original_day() {
        let end = |start, months| terms(start, months, BillingStart::Immediate).end_instant().to_rfc3339();
        assert_eq!(end("2025-01-31", 12), "2026-01-31T00:00:00+00:00");
        assert_eq!(end("2025-01-31", 1), "2025-02-28T00:00:00+00:00");
        assert_eq!(end("2024-02-29", 12), "2025-02-28T00:00:00+00:00");
    }

    prop_compose! {
        fn any_terms()(
            days in 0u64..60_000,
            months in 1i32..=120,
            billing_start in 0..BillingStart::ALL.len(),
            day in proptest::option::of(1i32..=28),
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
        ) -> RentalTerms {
            RentalTerms {
                start: FIRST_DAY + Days::new(days),
                length: ContractLength::try_new(months).unwrap(),
                billing_start: BillingStart::ALL[billing_start].0,
                billing_day: day.map(|day| BillingDay::try_new(day).unwrap()),
                zone: chrono_tz::TZ_VARIANTS[zone],
            }
        }
    }

    proptest! {
        #[test]
        fn one_payment_a_month_and_as_many_as_the_contract_has_months(terms in any_terms()) {
            let dues: Vec<Date> = terms.due_dates().collect();
            prop_assert_eq!(dues.len(), usize::try_from(terms.length.months()).unwrap());
            let month = |date: &Date| date.year() * 12 + i32::try_from(date.month0()).unwrap();
            prop_assert!(dues.windows(2).all(|pair| month(&pair[1]) == month(&pair[0]) + 1));
            prop_assert!(dues[0] >= terms.start);
            prop_assert!(month(&dues[0]) <= month(&terms.start) + 2);
            if let Some(day) = terms.billing_day {
                prop_assert!(dues.iter().all(|due| due.day() == u32::from(day.number())));
            }
        }

        #[test]
        fn days_clamp_and_come_back(terms in any_terms()) {
            prop_assume!(terms.billing_day.is_none());
            let own_day = if terms.billing_start == BillingStart::FirstOfNextMonth { 1 } else { terms.start.day() };
            for due in terms.due_dates() {
                let last = months_later(due.with_day(1).unwrap(), 1) - Days::new(1);
                prop_assert_eq!(due.day(), own_day.min(last.day()));
            }
        }

        #[test]
        fn periods_are_half_open_and_tile_the_contract(terms in any_terms()) {
            let mut at = terms.start_instant();
            for _ in 0..terms.length.months() {
                let (start, end) = terms.period_at(at);
                // Where a zone skipped a day, two starts of days coincide and a period may begin on the day after.
                prop_assert!(start <= at && at < end, "{start} {at} {end}");
                at = end;
            }
            prop_assert_eq!(at, terms.end_instant());
        }
    }
}
