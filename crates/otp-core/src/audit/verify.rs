//! Whether a sealed trail is as it was sealed, and what is wrong if not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::chain::{Head, Kept, Link, Mac};
use super::trails::Trails;
use crate::fault::Res;
use crate::id::TenantId;

/// Entries read at a time.
const STEP: usize = 1_000;
/// Entries that do not fit where they are, beyond which it is no more looked for where each of them belongs. Whoever has
/// renumbered a trail has moved thousands; each would be compared with each.
const COMPARED: usize = 400;

/// What somebody has noted of a trail: that the entry at a place had a MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness {
    /// The place.
    pub seq: u64,
    /// The MAC.
    pub mac: Mac,
}

/// The text is no witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number, a colon and 64 hexadecimal digits, as `audit verify` has printed them")]
pub struct InvalidWitness;

impl std::str::FromStr for Witness {
    type Err = InvalidWitness;

    fn from_str(text: &str) -> Result<Self, InvalidWitness> {
        let (seq, mac) = text.split_once(':').ok_or(InvalidWitness)?;
        Ok(Self { seq: seq.parse().map_err(|_| InvalidWitness)?, mac: mac.parse().map_err(|_| InvalidWitness)? })
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.mac)
    }
}

/// Something that is not as it was sealed. Numbers are places in the chain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The head was changed: where the chain begins and ends is not known for sure.
    HeadEdited,
    /// There are entries, and no head.
    HeadMissing,
    /// The entry is not what was sealed there.
    Edited(u64),
    /// Entries that were sealed are not there.
    Missing {
        /// The first of them.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Entries at the end that were sealed are not there.
    Cut {
        /// The first of them.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Two entries have changed places.
    Swapped(u64, u64),
    /// The entry belongs elsewhere.
    Moved {
        /// Where it was found.
        from: u64,
        /// Where it belongs.
        to: u64,
    },
    /// Nobody has sealed this entry.
    Inserted(u64),
    /// What was sealed before it is lost, so whether it is what was sealed itself cannot be told.
    Unlinked(u64),
    /// It is not the entry a witness speaks of.
    NotAsWitnessed(u64),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeadEdited => f.write_str("the head of the chain was edited"),
            Self::HeadMissing => f.write_str("the head of the chain is missing"),
            Self::Edited(seq) => write!(f, "entry {seq} was edited"),
            Self::Missing { from, to } if from == to => write!(f, "entry {from} is missing"),
            Self::Missing { from, to } => write!(f, "entries {from} to {to} are missing"),
            Self::Cut { from, to } => write!(f, "entries {from} to {to} were cut off the end"),
            Self::Swapped(one, other) => write!(f, "entries {one} and {other} were swapped"),
            Self::Moved { from, to } => write!(f, "entry {from} belongs at {to}"),
            Self::Inserted(seq) => write!(f, "entry {seq} was inserted"),
            Self::Unlinked(seq) => write!(f, "entry {seq} cannot be checked, for the one before it is lost"),
            Self::NotAsWitnessed(seq) => write!(f, "entry {seq} is not the one that was noted"),
        }
    }
}

/// What was found out about a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where its chain begins and ends; nothing, if nothing of it was sealed yet.
    pub head: Option<Head>,
    /// What is wrong, in order; nothing, if all is as it was sealed.
    pub findings: Vec<Finding>,
    /// Younger entries, which are not covered.
    pub unsealed: u64,
}

impl Trails {
    /// Checks the chain of a tenant: every entry against its place and the one before, both ends against the head, and
    /// the head against its own MAC. Without a `witness`, whoever can put back an older copy of the whole trail, head and
    /// all, is not found out.
    ///
    /// A chain may be checked while it is sealed and shortened.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn verify(&self, tenant: TenantId, witness: Option<Witness>) -> Res<Report> {
        let trails = &self.deployment.stores.trails;
        let mut head = trails.head(tenant).await?;
        let mut walk = Walk::of(self, tenant, head);
        let mut witnessed = None;
        loop {
            let links = trails.links(tenant, walk.read, STEP).await?;
            let whole = links.len() == STEP;
            for link in links {
                if witness.is_some_and(|witness| witness.seq == link.seq) {
                    witnessed = Some(link.mac);
                }
                walk.step(link);
            }
            if !whole {
                // What was sealed meanwhile is told by the head, not by having been found.
                let now = trails.head(tenant).await?;
                if now == head {
                    break;
                }
                head = now;
            }
        }
        let mut findings = walk.findings(head);
        if let Some(witness) = witness {
            findings.extend(contradicted(witness, head, witnessed));
        }
        findings.sort();
        findings.dedup();
        Ok(Report { head, findings, unsealed: trails.waiting(tenant).await? })
    }
}

/// What `witness` knows better, when the entry at its place has the MAC `found`.
fn contradicted(witness: Witness, head: Option<Head>, found: Option<Mac>) -> Option<Finding> {
    let Witness { seq, mac } = witness;
    let head = match head {
        Some(head) if seq <= head.last => head,
        Some(head) => return Some(Finding::Cut { from: head.last + 1, to: seq }),
        None => return Some(Finding::Cut { from: 1, to: seq }),
    };
    // What is older than the chain is known by its last MAC alone.
    let found = found.or((seq + 1 == head.first).then_some(head.before));
    found.filter(|found| *found != mac).map(|_| Finding::NotAsWitnessed(seq))
}

/// A chain on its way from the first entry to the last.
struct Walk<'t> {
    trails: &'t Trails,
    tenant: TenantId,
    first: u64,
    /// The place read last.
    read: u64,
    /// The MAC at that place; nothing, if nothing was there.
    before: Option<Mac>,
    missing: Vec<(u64, u64)>,
    /// Entries that do not fit where they are, each with the MAC found before it.
    suspects: Vec<(Link, Option<Mac>)>,
    /// The last place whose entry fits.
    fits_up_to: u64,
    /// Whether there was any entry.
    any: bool,
}

impl<'t> Walk<'t> {
    fn of(trails: &'t Trails, tenant: TenantId, head: Option<Head>) -> Self {
        let first = head.map_or(1, |head| head.first);
        let before = head.map(|head| head.before);
        let (missing, suspects) = (Vec::new(), Vec::new());
        Self { trails, tenant, first, read: 0, before, missing, suspects, fits_up_to: 0, any: false }
    }

    fn step(&mut self, link: Link) {
        self.any = true;
        if link.seq < self.first {
            // Before the beginning nothing is left over: it is deleted by the write that moves the beginning.
            self.read = link.seq;
            self.suspects.push((link, None));
            return;
        }
        let next = self.read.max(self.first - 1) + 1;
        if link.seq > next {
            self.missing.push((next, link.seq - 1));
            self.before = None;
        }
        self.read = link.seq;
        let (before, mac) = (self.before, link.mac);
        if before.is_some_and(|before| self.fits(link.seq, before, &link.kept, mac)) {
            self.fits_up_to = link.seq;
        } else {
            self.suspects.push((link, before));
        }
        self.before = Some(mac);
    }

    fn fits(&self, seq: u64, before: Mac, kept: &Kept, mac: Mac) -> bool {
        self.trails.deployment.keys.link_mac(self.tenant, seq, before, kept) == mac
    }

    /// What is wrong, by the head as it was when the walk ended.
    fn findings(self, head: Option<Head>) -> Vec<Finding> {
        let Some(head) = head else {
            return if self.any { vec![Finding::HeadMissing] } else { Vec::new() };
        };
        let mut findings = Vec::new();
        // One that ends too early is an older one.
        let is_old = self.fits_up_to > head.last;
        if is_old || self.trails.deployment.keys.sealed_head(self.tenant, head) != head {
            findings.push(Finding::HeadEdited);
        }
        // What is gone from before the beginning was shortened on purpose, perhaps during the walk.
        let missing = self.missing.iter().filter(|(_, to)| *to >= head.first);
        findings.extend(missing.map(|(from, to)| Finding::Missing { from: (*from).max(head.first), to: *to }));
        let end = self.read.max(head.first - 1);
        if end < head.last {
            findings.push(Finding::Cut { from: end + 1, to: head.last });
        }
        findings.extend(self.misplaced(head));
        findings
    }

    /// What became of the entries that do not fit where they are: each place, in order, is given the entry that was
    /// sealed there, if it is anywhere among them.
    fn misplaced(&self, head: Head) -> Vec<Finding> {
        let compare = self.suspects.len() <= COMPARED;
        let mut found = Vec::new();
        // The MAC that belongs at a place, where it is another than the one found there.
        let mut right: BTreeMap<u64, Mac> = BTreeMap::new();
        // Which entry belongs at a place, by the place where it was found.
        let mut placed: BTreeMap<u64, u64> = BTreeMap::new();
        let within = |seq: u64| (head.first..=head.last).contains(&seq);
        for (link, before) in self.suspects.iter().filter(|(link, _)| within(link.seq)) {
            let seq = link.seq;
            // The beginning may have moved here during the walk.
            let before = if seq == head.first { Some(head.before) } else { *before };
            let Some(before) = right.get(&(seq - 1)).copied().or(before) else {
                found.push(Finding::Unlinked(seq));
                continue;
            };
            if self.fits(seq, before, &link.kept, link.mac) {
                continue;
            }
            let candidates = self.suspects.iter().map(|(candidate, _)| candidate).filter(|_| compare);
            let belongs = candidates.filter(|candidate| candidate.seq != seq).find_map(|candidate| {
                let mac = self.trails.deployment.keys.link_mac(self.tenant, seq, before, &candidate.kept);
                // With its MAC, or without: then that was left where it was.
                (mac == candidate.mac || mac == link.mac).then_some((candidate.seq, mac))
            });
            match belongs {
                Some((from, mac)) => {
                    placed.insert(from, seq);
                    right.insert(seq, mac);
                }
                None => found.push(Finding::Edited(seq)),
            }
        }
        let taken: BTreeSet<u64> = placed.values().copied().collect();
        // Whose place was given to another, and who belongs nowhere, is no edited entry.
        found.retain(|finding| !matches!(finding, Finding::Edited(seq) if taken.contains(seq)));
        for (from, to) in &placed {
            match placed.get(to) {
                Some(back) if back == from => found.push(Finding::Swapped(*from.min(to), *from.max(to))),
                _ => found.push(Finding::Moved { from: *from, to: *to }),
            }
        }
        for seq in self.suspects.iter().map(|(link, _)| link.seq) {
            let has_no_place = seq < self.first || seq > head.last || taken.contains(&seq);
            if has_no_place && !placed.contains_key(&seq) {
                found.push(Finding::Inserted(seq));
            }
        }
        found
    }
}
