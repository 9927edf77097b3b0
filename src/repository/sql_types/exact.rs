//! What is kept as an exact decimal.

use super::{Exact, stands_for};
use crate::domain::pricing::{Percentage, TaxRate};
use bigdecimal::BigDecimal;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Nullable, Numeric};
use diesel::sqlite::{Sqlite, SqliteValue};

stands_for! {
    [] Decimal as Exact;
    [] TaxRate as Exact;
    [] Percentage as Exact;
}

/// An exact decimal on its way to or from a database.
#[derive(Clone, PartialEq, Debug)]
pub struct Decimal(pub BigDecimal);

impl ToSql<Exact, Pg> for Decimal {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Numeric, Pg>::to_sql(&self.0, out)
    }
}
impl ToSql<Exact, Sqlite> for Decimal {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_plain_string());
        Ok(IsNull::No)
    }
}
impl FromSql<Exact, Pg> for Decimal {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Numeric, Pg>::from_sql(value).map(Decimal)
    }
}
impl FromSql<Exact, Sqlite> for Decimal {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Decimal(value.read_text().parse()?))
    }
}

/// Lets a number within bounds be kept as an exact decimal.
macro_rules! exact {
    ($($type:ty;)*) => { $(
        impl ToSql<Exact, Pg> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                ToSql::<Numeric, Pg>::to_sql(&self.decimal(), &mut out.reborrow())
            }
        }
        impl ToSql<Exact, Sqlite> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.decimal().to_plain_string());
                Ok(IsNull::No)
            }
        }
        impl<DB: Backend> FromSql<Exact, DB> for $type where Decimal: FromSql<Exact, DB> {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(Self::try_new(&Decimal::from_sql(value)?.0)?)
            }
        }
    )* };
}
exact! {
    TaxRate;
    Percentage;
}
