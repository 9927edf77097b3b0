//! Perennial beside PostGraphile and a server for Node, over one database: the same questions to each in turn, in one run.

mod asking;
mod ceiling;
mod fulfilling;
mod node;
mod normal;
mod report;

use crate::Failure;
use crate::generate::{self, new_key, tenant_id};
use crate::load::http::Client;
use crate::load::process::Server;
use crate::load::{Measured, Until, measure};
use asking::Question;
use node::Node;
use perennial::app::App;
use report::Report;
use std::time::Duration;

/// What to measure, and how long.
pub struct Plan {
    pub url: String,
    /// A SQLite database that our server is measured with beside the others.
    pub sqlite: Option<String>,
    pub seconds: f64,
    pub rounds: usize,
    pub connections: Vec<usize>,
    pub mutations: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    Ours,
    PostGraphile,
    Yoga,
    OursOnSqlite,
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Peer::Ours => "Perennial",
            Peer::PostGraphile => "PostGraphile",
            Peer::Yoga => "Yoga",
            Peer::OursOnSqlite => "Perennial, SQLite",
        }
    }
}

/// The servers, each in a process of its own.
pub struct Peers {
    servers: Vec<(Peer, Server, App, String)>,
}

impl Peers {
    fn start(plan: &Plan) -> Result<Self, Failure> {
        let node = Node::install()?;
        let open = || filled(&plan.url);
        let app = open()?;
        app.db.execute_batch(&std::fs::read_to_string(node::sources().join("setup.sql"))?)?;
        let url = plan.url.clone();
        let mut servers = vec![
            (Peer::Ours, Server::start("ours", &url, &[])?, app, url.clone()),
            (Peer::PostGraphile, node.start("postgraphile.js", &url)?, open()?, url.clone()),
            (Peer::Yoga, node.start("yoga.js", &url)?, open()?, url),
        ];
        if let Some(url) = &plan.sqlite {
            servers.push((Peer::OursOnSqlite, Server::start("ours", url, &[])?, filled(url)?, url.clone()));
        }
        Ok(Peers { servers })
    }

    fn of(&self, peer: Peer) -> &(Peer, Server, App, String) {
        self.servers.iter().find(|(known, ..)| *known == peer).expect("a peer that was started")
    }

    fn all(&self) -> Vec<Peer> {
        self.servers.iter().map(|(peer, ..)| *peer).collect()
    }

    /// Those that work on one database.
    fn on_postgres(&self) -> Vec<Peer> {
        self.all().into_iter().filter(|peer| *peer != Peer::OursOnSqlite).collect()
    }

    /// What a client says who it is: a key to ours, the tenant to the others, which believe it.
    fn key(&self, peer: Peer, tenant: u128) -> Result<String, Failure> {
        match peer {
            Peer::Ours | Peer::OursOnSqlite => new_key(&self.of(peer).2, tenant),
            Peer::PostGraphile | Peer::Yoga => Ok(tenant_id(tenant).uuid().to_string()),
        }
    }

    fn client(&self, peer: Peer, tenant: u128) -> Result<Client, Failure> {
        Client::connect(self.of(peer).1.address, &self.key(peer, tenant)?)
    }

    fn measure(
        &self,
        peer: Peer,
        key: &str,
        bodies: &[String],
        connections: usize,
        until: Until,
    ) -> Result<Measured, Failure> {
        let (_, server, _, url) = self.of(peer);
        measure(server, key, url, bodies, connections, until)
    }
}

/// The program on a database, which is filled if it is empty.
fn filled(url: &str) -> Result<App, Failure> {
    if !generate::is_filled(&generate::open(url, 1)?) {
        generate::generate(url, 1.0)?;
    }
    generate::open(url, 1)
}

/// Measures everything; answers the tables.
pub fn compare(plan: &Plan) -> Result<Report, Failure> {
    let peers = Peers::start(plan)?;
    let questions = asking::questions(&mut peers.client(Peer::Ours, 0)?, &mut peers.client(Peer::PostGraphile, 0)?)?;
    let mut report = Report::new(answers_agree(&peers, &questions)?, plan);
    fulfilling::compare(&peers, &peers.of(Peer::Ours).2.db)?;
    for question in &questions {
        for connections in &plan.connections {
            read(plan, &peers, question, *connections, &mut report)?;
        }
    }
    for peer in peers.all() {
        report.memory(peer, peers.of(peer).1.memory().1);
    }
    for (name, contended) in [("fulfilOrderItem, distinct orders", false), ("fulfilOrderItem, one order", true)] {
        for connections in plan.connections.iter().filter(|_| plan.mutations > 0) {
            write(plan, &peers, (name, contended), *connections, &mut report)?;
        }
    }
    Ok(report)
}

fn read(
    plan: &Plan,
    peers: &Peers,
    question: &Question,
    connections: usize,
    report: &mut Report,
) -> Result<(), Failure> {
    let all = peers.all();
    let keys = all.iter().map(|peer| peers.key(*peer, 0)).collect::<Result<Vec<_>, _>>()?;
    for round in 0..=plan.rounds {
        // The round before the first warms up, and is not counted.
        let seconds = if round == 0 { 0.5 } else { plan.seconds };
        for (peer, key) in all.iter().zip(&keys) {
            let until = Until::After(Duration::from_secs_f64(seconds));
            let run = peers.measure(*peer, key, question.requests(*peer), connections, until)?;
            if round > 0 {
                report.run(question.name, connections, *peer, run);
            }
        }
        if round > 0
            && let Some(rate) = ceiling::measure(&plan.url, question, connections, seconds)?
        {
            report.ceiling(question.name, connections, rate);
        }
    }
    report.progress(question.name, connections);
    Ok(())
}

fn write(
    plan: &Plan,
    peers: &Peers,
    (name, contended): (&'static str, bool),
    connections: usize,
    report: &mut Report,
) -> Result<(), Failure> {
    for _ in 0..plan.rounds {
        for peer in peers.all() {
            let maker = if peer == Peer::OursOnSqlite { peer } else { Peer::Ours };
            let mut client = peers.client(maker, fulfilling::TENANT)?;
            let units = crate::load::fulfilling::units(&mut client, plan.mutations, contended)?;
            let key = peers.key(peer, fulfilling::TENANT)?;
            let bodies = fulfilling::requests(peer, &units);
            report.run(name, connections, peer, peers.measure(peer, &key, &bodies, connections, Until::AllSent)?);
        }
    }
    report.progress(name, connections);
    Ok(())
}

/// Asks all servers the same, and refuses unless they answer the same. Answers how many requests were compared.
fn answers_agree(peers: &Peers, questions: &[Question]) -> Result<usize, Failure> {
    let mut compared = 0;
    let mut clients = Vec::new();
    for peer in peers.on_postgres() {
        clients.push((peer, peers.client(peer, 0)?));
    }
    for question in questions {
        for place in 0..40 {
            let mut expected: Option<serde_json::Value> = None;
            for (peer, client) in &mut clients {
                let answer = normal::normal(client.ask(&question.requests(*peer)[place])?["data"].take());
                match &expected {
                    Some(expected) if *expected != answer => {
                        return Err(differ(question.name, *peer, &expected.to_string(), &answer.to_string()).into());
                    }
                    Some(_) => {}
                    None => expected = Some(answer),
                }
            }
            compared += 1;
        }
    }
    Ok(compared)
}

fn differ(name: &str, peer: Peer, ours: &str, theirs: &str) -> String {
    let at = ours.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(40);
    let part = |text: &str| text.chars().skip(at).take(160).collect::<String>();
    format!("{} answers the {name} differently:\n…{}\n…{}", peer.name(), part(ours), part(theirs))
}

impl Question {
    fn requests(&self, peer: Peer) -> &[String] {
        match peer {
            // Both databases have the same rows, and their cursors say so.
            Peer::Ours | Peer::OursOnSqlite => &self.ours,
            Peer::PostGraphile => &self.postgraphile,
            Peer::Yoga => &self.yoga,
        }
    }
}
