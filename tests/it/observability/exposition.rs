//! A strict reader of Prometheus' text format 0.0.4: whatever it does not expect fails the test.

use std::collections::BTreeMap;

/// Every sample by its name and labels, as they are written.
pub struct Samples(BTreeMap<String, f64>);

impl Samples {
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has an end");
        let (mut samples, mut family): (BTreeMap<String, f64>, Option<(String, &str)>) = (BTreeMap::new(), None);
        let mut seen = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, about) = rest.split_once(' ').unwrap_or_else(|| panic!("no help: {line}"));
                assert!(!about.trim().is_empty() && !seen.contains(&name.to_owned()), "{line}");
                seen.push(name.to_owned());
                family = Some((name.to_owned(), ""));
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(family, Some((name.to_owned(), "")), "HELP comes before TYPE, of the same metric: {line}");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                family = Some((name.to_owned(), kind));
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
                let name = series.split('{').next().unwrap();
                labels(series);
                let (of, kind) = family.as_ref().unwrap();
                let suffix = name.strip_prefix(of.as_str()).unwrap_or_else(|| panic!("{line} stands below {of}"));
                match *kind {
                    "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
                    "counter" => assert!(suffix.is_empty() && name.ends_with("_total"), "{line}"),
                    _ => assert!(suffix.is_empty(), "{line}"),
                }
                let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
                assert!(samples.insert(series.to_owned(), value).is_none(), "twice: {line}");
            }
        }
        Samples(samples)
    }

    /// The value of one series; 0 where it is not there yet.
    pub fn get(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// The sum of all series whose text begins so.
    pub fn sum(&self, begins: &str) -> f64 {
        self.0.iter().filter(|(series, _)| series.starts_with(begins)).map(|(_, value)| value).sum()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.keys().any(|series| series.split('{').next() == Some(name))
    }

    /// Every series.
    pub fn series(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }
}

/// Reads the labels of a series, to see that they are well-formed.
fn labels(series: &str) -> Vec<(String, String)> {
    let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
    let is_name = |text: &str| {
        text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && text.starts_with(|letter: char| letter.is_ascii_lowercase())
    };
    assert!(is_name(name), "{series}");
    let (mut found, mut letters) = (Vec::new(), rest.chars().peekable());
    while letters.next_if_eq(&'}').is_none() {
        let label: String = std::iter::from_fn(|| letters.next_if(|letter| *letter != '=')).collect();
        assert!(is_name(&label) && letters.next() == Some('=') && letters.next() == Some('"'), "{series}");
        let mut value = String::new();
        loop {
            match letters.next().unwrap_or_else(|| panic!("no end: {series}")) {
                '"' => break,
                '\\' => match letters.next() {
                    Some('n') => value.push('\n'),
                    Some(letter @ ('"' | '\\')) => value.push(letter),
                    other => panic!("no escape: {other:?} in {series}"),
                },
                letter => value.push(letter),
            }
        }
        found.push((label, value));
        letters.next_if_eq(&',');
    }
    assert_eq!(letters.next(), None, "{series}");
    found
}

#[test]
fn the_reader_is_strict() {
    let good = "# HELP a_total A.\n# TYPE a_total counter\na_total{b=\"\\\"\\\\\\n\",c=\"\"} 1\n";
    assert!((Samples::read(good).sum("a_total") - 1.0).abs() < f64::EPSILON);
    for bad in [
        "a_total 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total 1",
        "# HELP a_total A.\n# TYPE a_total counter\na_total one\n",
        "# HELP a_total A.\n# TYPE a_total counter\nb_total 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total{b=\"} 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total{b=\"\"c\"} 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total 1\na_total 2\n",
        "# TYPE a_total counter\na_total 1\n",
    ] {
        assert!(std::panic::catch_unwind(|| Samples::read(bad)).is_err(), "{bad}");
    }
}
