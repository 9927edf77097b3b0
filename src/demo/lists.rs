//! What the demo is made of. All names are made up; the addresses are of domains that nobody can own, the telephone
//! numbers of ranges that are kept free for films.

/// A product of the demo, and how many devices of it there are.
pub struct Kind {
    pub sku: &'static str,
    /// What the serial numbers of its devices begin with.
    pub serial: &'static str,
    pub name: &'static str,
    /// Whole euros.
    pub list_price: i64,
    pub devices: usize,
}

const fn kind(sku: &'static str, serial: &'static str, name: &'static str, list_price: i64, devices: usize) -> Kind {
    Kind { sku, serial, name, list_price, devices }
}

/// The first two are those of the well-known order.
pub const KINDS: &[Kind] = &[
    kind("NB-14-16-512", "NB14", "Notebook 14-inch, 16 GB, 512 GB", 1_299, 130),
    kind("MO-27-4K", "MO27", "Monitor 27-inch, 4K, USB-C", 449, 110),
    kind("NB-14-32-1TB", "NB14P", "Notebook 14-inch Pro, 32 GB, 1 TB", 1_899, 70),
    kind("NB-16-32-1TB", "NB16", "Notebook 16-inch, 32 GB, 1 TB", 2_299, 50),
    kind("WS-16-64-2TB", "WS16", "Mobile workstation 16-inch, 64 GB, 2 TB", 3_499, 24),
    kind("PC-MINI-16-512", "PCM", "Mini PC, 16 GB, 512 GB", 699, 40),
    kind("MO-34-UW", "MO34", "Monitor 34-inch, ultrawide", 799, 40),
    kind("DK-TB4", "DK4", "Docking station, Thunderbolt 4", 279, 90),
    kind("TB-11-128", "TB11", "Tablet 11-inch, 128 GB", 599, 60),
    kind("TB-13-256-5G", "TB13", "Tablet 13-inch, 256 GB, 5G", 1_149, 30),
    kind("PH-61-128", "PH61", "Smartphone 6.1-inch, 128 GB", 829, 80),
    kind("PH-67-256", "PH67", "Smartphone 6.7-inch, 256 GB", 1_199, 40),
    kind("HS-NC-USB", "HSN", "Headset with noise cancelling", 249, 50),
    kind("SC-2D-IP65", "SC2D", "Handheld scanner 2D, IP65", 549, 24),
    kind("PT-LTE", "PTL", "Payment terminal, LTE and Wi-Fi", 329, 24),
    kind("PR-A4-C", "PRC", "Colour laser printer A4", 649, 16),
    kind("PJ-4K-LS", "PJ4", "Laser projector 4K", 1_799, 10),
    kind("RT-5G-W6", "RT5", "Router 5G, Wi-Fi 6", 399, 16),
];

/// For how many months there is a price, and how many thousandths of the list price a month costs then.
pub const LENGTHS: &[(i32, i64)] = &[(1, 95), (3, 78), (6, 62), (12, 46), (24, 33), (36, 26)];

pub const COMPANIES: &[&str] = &[
    "Ahrenholt",
    "Birkwasser",
    "Castellmoor",
    "Dachsgrund",
    "Eschbrunn",
    "Finkenrode",
    "Grauthal",
    "Hohenlind",
    "Immerloh",
    "Jadekamp",
    "Kaltenwerth",
    "Lindquell",
    "Moorbeck",
    "Nebelwerder",
    "Ostervang",
    "Pfeilgrund",
    "Quellhorst",
    "Rabenmark",
    "Silberfurt",
    "Tannwerth",
    "Uhlenbrunn",
    "Vogelsund",
    "Wiesenmark",
    "Xanderhof",
    "Ysbrück",
    "Zirbenhain",
    "Amselfurt",
    "Brachwald",
    "Distelkamp",
    "Ellerquell",
    "Föhrenthal",
    "Ginsterloh",
    "Haselvang",
    "Ilmgrund",
    "Kranichrode",
    "Lärchenmoor",
    "Mühlvogel",
    "Otterbrück",
    "Ringelhorst",
    "Sandkamp",
];

/// What a company does: its name's second part, and its industry.
pub const TRADES: &[(&str, &str)] = &[
    ("Logistik GmbH", "logistics"),
    ("Architekten PartG mbB", "architecture"),
    ("Steuerberatung GmbH", "accounting"),
    ("Maschinenbau AG", "manufacturing"),
    ("Pflegedienste gGmbH", "care"),
    ("Handels GmbH & Co. KG", "retail"),
    ("Software GmbH", "software"),
    ("Veranstaltungen GmbH", "events"),
    ("Hausverwaltung GmbH", "real estate"),
    ("Bildung gGmbH", "education"),
    ("Energietechnik GmbH", "energy"),
];

/// The places of branches, which stand below their company.
pub const BRANCHES: &[&str] = &["Nord", "Süd", "West", "Wien"];

pub const FIRST_NAMES: &[&str] = &[
    "Amira", "Ben", "Clara", "David", "Elif", "Felix", "Greta", "Hannes", "Ida", "Jonas", "Katarina", "Levin", "Mila",
    "Nils", "Oksana", "Paul", "Ronja", "Samir", "Tilda", "Viktor",
];

pub const LAST_NAMES: &[&str] = &[
    "Albrecht",
    "Bauer",
    "Çelik",
    "Dietrich",
    "Engel",
    "Fischer",
    "Grünwald",
    "Hartmann",
    "Ivanova",
    "Jansen",
    "Krämer",
    "Lorenz",
    "Möller",
    "Nowak",
    "Otto",
    "Petersen",
    "Richter",
    "Schäfer",
    "Thoma",
    "Vogt",
];

/// The beginnings of telephone numbers in Berlin, Hamburg, Munich and Frankfurt.
pub const PHONES: &[&str] = &["+49 30 23125 ", "+49 40 66969 ", "+49 89 99998 ", "+49 69 90009 "];

pub const WAREHOUSES: &[&str] = &["Berlin", "Berlin", "Berlin", "Hamburg", "Munich"];

pub const ORDER_NOTES: &[&str] = &[
    "Deliver to the reception.",
    "Customer wants German keyboards.",
    "Call before delivery.",
    "Enrol in device management before shipping.",
    "Ship together with the monitors.",
];

pub const CANCEL_REASONS: &[&str] = &[
    "The customer chose another contract length.",
    "Ordered twice.",
    "The credit check failed.",
    "The project was put off.",
];

pub const DAMAGES: &[&str] = &["Display cracked.", "Battery swollen.", "Does not start.", "Keyboard damaged by water."];
