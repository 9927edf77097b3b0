//! A look over the text of a document before it is parsed. The parser goes one call deeper with every bracket that is
//! open, values included, and its time grows with the tokens; this takes one pass over the bytes, and goes nowhere.

use super::{QueryLimits, grouped, too_complex};
use async_graphql::{Pos, ServerError};

/// How many brackets may be open at once: selections, arguments and values together.
pub const OPEN_BRACKETS: usize = 64;

/// Refuses a text of too many tokens, or with too many brackets open. What is no GraphQL at all is the parser's to say.
pub fn check(text: &str, limits: &QueryLimits) -> Result<(), ServerError> {
    let mut rest = Rest { bytes: text.as_bytes(), no_block_ends: false };
    let (mut tokens, mut open) = (0_usize, 0_usize);
    while let Some(token) = rest.next() {
        tokens = tokens.saturating_add(1);
        match token {
            b'{' | b'[' | b'(' => open = open.saturating_add(1),
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
        let message = if open > OPEN_BRACKETS {
            format!("The document nests more than {OPEN_BRACKETS} brackets. Send nested values as variables.")
        } else if tokens > limits.tokens {
            let most = grouped(u64::try_from(limits.tokens).unwrap_or(u64::MAX));
            format!("The document has more than the {most} tokens that are allowed. Send values as variables.")
        } else {
            continue;
        };
        return Err(too_complex(message, position(text, rest.bytes.len())));
    }
    Ok(())
}

/// Where the last token ends, when so many bytes are left.
fn position(text: &str, left: usize) -> Pos {
    let (mut line, mut column) = (1, 0);
    for byte in text.bytes().take(text.len().saturating_sub(left)) {
        (line, column) = if byte == b'\n' { (line + 1, 0) } else { (line, column + 1) };
    }
    Pos { line, column }
}

/// What is left of a text.
struct Rest<'t> {
    bytes: &'t [u8],
    /// Whether it was seen that nothing of what is left ends a block string.
    no_block_ends: bool,
}

impl Rest<'_> {
    /// Takes the next token; answers its first byte.
    fn next(&mut self) -> Option<u8> {
        loop {
            let (&first, after) = self.bytes.split_first()?;
            self.bytes = after;
            match first {
                // The last three are a byte order mark, which may stand anywhere.
                b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xef | 0xbb | 0xbf => continue,
                b'#' => {
                    self.skip(|byte| !matches!(byte, b'\n' | b'\r'));
                    continue;
                }
                b'"' => self.skip_string(),
                b'.' => self.skip(|byte| byte == b'.'),
                word if is_of_word(word) => self.skip(is_of_word),
                _ => {}
            }
            return Some(first);
        }
    }

    fn skip(&mut self, part: impl Fn(u8) -> bool) {
        let end = self.bytes.iter().position(|byte| !part(*byte)).unwrap_or(self.bytes.len());
        self.bytes = self.bytes.get(end..).unwrap_or_default();
    }

    /// Skips what follows the first quote of a string. Where a string does not end, the parser looks for another meaning
    /// of what stands in it, so that it must be looked at, too.
    fn skip_string(&mut self) {
        let block = self.bytes.strip_prefix(b"\"\"");
        match block {
            Some(content) if !self.no_block_ends => match block_end(content) {
                Some(after) => self.bytes = after,
                None => {
                    self.no_block_ends = true;
                    self.bytes = self.bytes.strip_prefix(b"\"").unwrap_or_default();
                }
            },
            _ => self.skip_line_string(),
        }
    }

    fn skip_line_string(&mut self) {
        loop {
            self.skip(|byte| !matches!(byte, b'"' | b'\\' | b'\n' | b'\r'));
            let Some((&stop, after)) = self.bytes.split_first() else { return };
            match stop {
                b'\\' => self.bytes = after.get(1..).unwrap_or_default(),
                b'"' => {
                    self.bytes = after;
                    return;
                }
                _ => return,
            }
        }
    }
}

/// Part of a name or a number.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// What follows a block string.
fn block_end(content: &[u8]) -> Option<&[u8]> {
    let mut rest = content;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b"\"\"\"") {
            return Some(after);
        }
        let step = if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
        rest = rest.get(step..).unwrap_or_default();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    /// The tokens of a text.
    fn tokens(text: &str) -> usize {
        let mut rest = Rest { bytes: text.as_bytes(), no_block_ends: false };
        std::iter::from_fn(|| rest.next()).count()
    }

    fn checked(text: &str) -> Result<(), String> {
        check(text, &QueryLimits::default()).map_err(|error| error.message)
    }

    #[test]
    fn tokens_are_counted_as_the_specification_counts_them() {
        for (text, count) in [
            ("", 0),
            (" ,\t\n\r\u{feff}# all {{{ of this\r", 0),
            ("{ a }", 3),
            ("query($n:Int!=-5){a(b:$n)@c}", 21),
            ("...F ... on X", 5),
            (r#"{ a(b: "x { \" \\", c: "") }"#, 11),
            ("{ a(b: \"\"\"x \" { \\\"\"\" { \"\"\") }", 8),
            ("\u{e4}", 2),
        ] {
            assert_eq!(tokens(text), count, "{text}");
        }
    }

    #[test]
    fn what_is_open_is_bounded_wherever_it_stands() {
        for bracket in ["{", "[", "(", "{a", "{a:", "{a(b:[", "a:[", "@a(b:{c:", "query($a:["] {
            assert!(checked(&bracket.repeat(10_000)).unwrap_err().contains("64 brackets"), "{bracket}");
        }
        let nested = |levels: usize| format!("{{ a(b: {}1{}) }}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(checked(&nested(OPEN_BRACKETS - 2)), Ok(()));
        assert!(parse_query(nested(OPEN_BRACKETS - 2)).is_ok());
        assert!(checked(&nested(OPEN_BRACKETS - 1)).is_err());
        // One after the other they do not add up.
        assert_eq!(checked(&"{[()]}".repeat(800)), Ok(()));
        assert_eq!(checked(&format!("{{ a(b: \"{}\") }}", "[".repeat(10_000))), Ok(()));
        assert_eq!(checked(&format!("{{ a }} # {}", "[".repeat(10_000))), Ok(()));
    }

    #[test]
    fn a_string_that_does_not_end_hides_nothing() {
        let deep = "[".repeat(1_000);
        for text in [
            format!("{{ a(b: [\"\"\"x\"{deep}"),
            format!("{{ a(b: [\"x\n{deep}"),
            format!("{{ a(b: [\"x\\\n\"{deep}"),
            format!("{{ a(b: [\"\"{deep}"),
            format!("{{ a(b: [\"\\\\\"{deep}"),
        ] {
            assert!(checked(&text).is_err(), "{text}");
        }
        // Nor does it take long to see that a block does not end, however often one begins.
        let began = std::time::Instant::now();
        let _ = checked(&"\"\"\" \\".repeat(4_000));
        assert!(began.elapsed().as_millis() < 100, "{:?}", began.elapsed());
    }

    #[test]
    fn too_many_tokens_are_refused_where_they_stand() {
        assert_eq!(checked(&"a ".repeat(5_000)), Ok(()));
        let refusal = check(&"a\n".repeat(5_001), &QueryLimits::default()).unwrap_err();
        assert!(refusal.message.contains("5,000 tokens"), "{}", refusal.message);
        assert_eq!(refusal.locations, [Pos { line: 5_001, column: 1 }]);
    }
}
