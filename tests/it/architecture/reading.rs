//! Reading Rust as far as the rules need it: the paths that a file names, without comments, literals and tests.

/// Words and signs with their lines, without comments and literals.
pub fn tokens(text: &str) -> Vec<(String, usize)> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let skipped = comment(rest).or_else(|| string(rest)).or_else(|| character(rest));
        let length = skipped.unwrap_or_else(|| match first {
            _ if is_word(first) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        });
        let (token, after) = rest.split_at(length);
        if skipped.is_none() && !first.is_whitespace() {
            tokens.push((token.to_owned(), line));
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of the comment that `rest` begins with. Comments nest.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let mut at = rest.strip_prefix("/*").map(|_| 2)?;
    let mut depth = 1;
    while depth > 0 {
        let inside = rest.get(at..)?;
        let (step, deeper) = match inside {
            _ if inside.starts_with("/*") => (2, 1),
            _ if inside.starts_with("*/") => (2, -1),
            _ => (inside.chars().next().map_or(1, char::len_utf8), 0),
        };
        if inside.is_empty() {
            break;
        }
        at += step;
        depth += deeper;
    }
    Some(at.min(rest.len()))
}

/// The length of the string literal that `rest` begins with.
fn string(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    if let Some(raw) = body.strip_prefix('r') {
        let body = raw.trim_start_matches('#');
        let end = format!("\"{}", "#".repeat(raw.len() - body.len()));
        let body = body.strip_prefix('"')?;
        return Some(body.find(&end).map_or(rest.len(), |at| rest.len() - body.len() + at + end.len()));
    }
    let body = body.strip_prefix('"')?;
    let mut escaped = false;
    let end = body.find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    });
    Some(end.map_or(rest.len(), |at| rest.len() - body.len() + at + 1))
}

/// The length of the character literal that `rest` begins with; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let mut body = rest.strip_prefix('\'')?.char_indices();
    match body.next()?.1 {
        '\\' => {
            body.next()?;
            body.find(|(_, letter)| *letter == '\'').map(|(at, _)| at + 2)
        }
        _ => body.next().filter(|(_, letter)| *letter == '\'').map(|(at, _)| at + 2),
    }
}

fn word(tokens: &[(String, usize)], at: usize) -> &str {
    tokens.get(at).map_or("", |(token, _)| token)
}

fn begins_with(tokens: &[(String, usize)], at: usize, expected: &[&str]) -> bool {
    expected.iter().enumerate().all(|(n, token)| word(tokens, at + n) == *token)
}

const TEST_MODULE: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];

pub fn without_test_modules(tokens: &[(String, usize)]) -> Vec<(String, usize)> {
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if begins_with(tokens, at, &TEST_MODULE) && word(tokens, at + 9) == "{" {
            at += 10;
            let mut depth = 1;
            while depth > 0 && at < tokens.len() {
                depth += match word(tokens, at) {
                    "{" => 1,
                    "}" => -1,
                    _ => 0,
                };
                at += 1;
            }
        } else {
            kept.push(token.clone());
            at += 1;
        }
    }
    kept
}

/// The files of `#[cfg(test)] mod …;`, without their ending.
pub fn test_modules(file: &str, text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let folder = module_path(file).join("/");
    let declared =
        (0..tokens.len()).filter(|at| begins_with(&tokens, *at, &TEST_MODULE) && word(&tokens, at + 9) == ";");
    declared.map(|at| ["src", &folder, word(&tokens, at + 8)].join("/").replace("//", "/")).collect()
}

/// The modules that a file is in: `src/http/trace.rs` is `http::trace`. The files that Cargo starts at keep their names.
pub fn module_path(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').filter(|part| *part != "lib").map(str::to_owned).collect()
}

/// Every path that is named, with its line; `self` and `super` are resolved, trees of `use` are taken apart.
pub fn paths(tokens: &[(String, usize)], modules: &[String]) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    // The depths at which the modules began that were opened within the file.
    let (mut inline, mut names, mut depth): (Vec<usize>, _, usize) = (Vec::new(), modules.to_vec(), 0);
    let mut at = 0;
    while at < tokens.len() {
        let token = word(tokens, at);
        if token == "{" {
            depth += 1;
            if at >= 2 && word(tokens, at - 2) == "mod" {
                inline.push(depth);
                names.push(word(tokens, at - 1).to_owned());
            }
        } else if token == "}" {
            if inline.pop_if(|began| *began == depth).is_some() {
                names.pop();
            }
            depth = depth.saturating_sub(1);
        }
        let before = if at > 0 { word(tokens, at - 1) } else { "" };
        // `pub(crate)` and `pub(super)` name nothing.
        let visibility = begins_with(tokens, at.saturating_sub(2), &["pub", "(", token, ")"]);
        let begins = is_name(token) && !visibility && ![".", "mod", "fn"].contains(&before);
        at = if begins { tree(tokens, at, &[], &mut found) } else { at + 1 };
        for (path, _) in
            found.iter_mut().filter(|(path, _)| path.first().is_some_and(|part| part == "self" || part == "super"))
        {
            let up = path.iter().take_while(|part| *part == "super").count();
            let own = path.iter().take_while(|part| *part == "self" || *part == "super").count();
            let kept = names.iter().take(names.len().saturating_sub(up)).cloned();
            *path = std::iter::once("crate".to_owned()).chain(kept).chain(path.iter().skip(own).cloned()).collect();
        }
    }
    found.retain(|(path, _)| {
        path.len() > 1
            || path.first().is_some_and(|only| super::CRATES.iter().any(|(name, _)| name == only))
            || path == &["crate"]
    });
    found
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Reads one tree of paths; answers where it ends.
fn tree(tokens: &[(String, usize)], mut at: usize, before: &[String], found: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut path = before.to_vec();
    let mut line = 0;
    while let Some((name, on)) = tokens.get(at).filter(|(token, _)| is_name(token) || token == "*") {
        line = *on;
        path.push(name.clone());
        at += 1;
        if word(tokens, at) != "::" {
            break;
        }
        at += 1;
        if word(tokens, at) == "{" {
            at += 1;
            while at < tokens.len() && word(tokens, at) != "}" {
                let inside = is_name(word(tokens, at)) || word(tokens, at) == "*";
                let alias = word(tokens, at - 1) == "as" || word(tokens, at) == "as";
                at = if inside && !alias { tree(tokens, at, &path, found) } else { at + 1 };
            }
            return at + 1;
        }
    }
    // `use a::{self}` is `use a`.
    path.pop_if(|last| last == "self" && !before.is_empty());
    found.push((path, line));
    at
}
