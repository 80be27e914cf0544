//! The places for connections. When all are taken, those that have been silent longest are closed: whoever fills the places with
//! connections that say nothing shuts out himself, and nobody else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::bounds::{FIRST_CALL, IDLE, UNFINISHED, UNFINISHED_CALL};

/// How soon to look again for somebody silent, where everybody was in the middle of a call.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// One in so many places is cleared at once: to find the longest silent takes a look at all of them.
const CLEARED_AT_ONCE: usize = 64;

/// The places of one listening socket.
#[derive(Debug)]
pub(super) struct Room {
    free: Arc<Semaphore>,
    size: u32,
    begun: Instant,
    taken: Mutex<HashMap<u64, Arc<Standing>>>,
    next: AtomicU64,
    /// Octets held for calls whose bodies have not come whole.
    unfinished: AtomicUsize,
}

/// How a connection stands.
#[derive(Debug, Default)]
struct Standing {
    /// Calls that have begun and have no answer.
    calls: AtomicUsize,
    /// Those of them whose body has not come whole.
    arriving: AtomicUsize,
    /// Octets held for these.
    unfinished: AtomicUsize,
    has_called: AtomicBool,
    was_answered: AtomicBool,
    /// When something moved last, in milliseconds since the room began.
    moved: AtomicU64,
    shown_out: Notify,
}

impl Room {
    /// For `size` connections.
    pub(super) fn of(size: u32) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(size as usize)),
            size,
            begun: Instant::now(),
            taken: Mutex::default(),
            next: AtomicU64::new(0),
            unfinished: AtomicUsize::new(0),
        })
    }

    /// A place for a new connection, as soon as there is one.
    pub(super) async fn place(self: &Arc<Self>) -> Place {
        let permit = loop {
            if let Ok(permit) = self.free.clone().try_acquire_owned() {
                break permit;
            }
            self.clear();
            if let Ok(Ok(permit)) = timeout(LOOK_AGAIN, self.free.clone().acquire_owned()).await {
                break permit;
            }
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let standing = Arc::new(Standing { moved: AtomicU64::new(self.now()), ..Standing::default() });
        self.taken().insert(number, standing.clone());
        Place { room: self.clone(), number, standing, _permit: permit }
    }

    /// Waits until every place is free.
    pub(super) async fn empty(&self) {
        // Never closed, so nothing but the permits can come; they are given back at once.
        drop(self.free.acquire_many(self.size).await);
    }

    /// Shows out the longest silent; first of all those that never were answered.
    fn clear(&self) {
        let mut taken = self.taken();
        let mut silent: Vec<_> = taken.iter().filter_map(|(number, of)| Some((of.silence()?, *number))).collect();
        let count = (self.size as usize).div_ceil(CLEARED_AT_ONCE).min(silent.len());
        if count == 0 {
            return;
        }
        silent.select_nth_unstable(count - 1);
        for (_, number) in &silent[..count] {
            if let Some(standing) = taken.remove(number) {
                standing.shown_out.notify_one();
            }
        }
        tracing::debug!(count, "connections were closed to make room");
    }

    /// Shows out whoever has us hold most of bodies that have not come whole, whatever else is going on on that connection.
    fn unburden(&self) {
        let taken = self.taken();
        // It stays the one for which most is held until that is free again, so nobody goes besides.
        if let Some(standing) = taken.values().max_by_key(|of| of.unfinished.load(Ordering::Relaxed)) {
            standing.shown_out.notify_one();
            tracing::debug!("a connection was closed for what it had us hold");
        }
    }

    fn now(&self) -> u64 {
        // Milliseconds of half a billion years.
        self.begun.elapsed().as_millis() as u64
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<u64, Arc<Standing>>> {
        // Nothing is left half done by a panic: each use is one change.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// Since when it has been silent, those that never were answered before all others; nothing while a call is being answered. Who is
    /// waited for to send the rest of a call is no less silent than one who makes none.
    fn silence(&self) -> Option<(bool, u64)> {
        let is_silent = self.calls.load(Ordering::Relaxed) <= self.arriving.load(Ordering::Relaxed);
        is_silent.then(|| (self.was_answered.load(Ordering::Relaxed), self.moved.load(Ordering::Relaxed)))
    }
}

/// A connection's place; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    number: u64,
    standing: Arc<Standing>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// One who notes what moves on the connection.
    pub(super) fn watcher(&self) -> Watcher {
        Watcher { room: self.room.clone(), standing: self.standing.clone() }
    }

    /// Resolves when the place is needed for somebody else.
    pub(super) async fn shown_out(&self) {
        self.standing.shown_out.notified().await;
    }

    /// Resolves when the connection has been silent for too long.
    pub(super) async fn silent(&self) {
        loop {
            let Some((_, since)) = self.standing.silence() else {
                // Looked at again soon after the call can have ended.
                tokio::time::sleep(FIRST_CALL).await;
                continue;
            };
            let bound = if self.standing.has_called.load(Ordering::Relaxed) { IDLE } else { FIRST_CALL };
            let end = self.room.begun + Duration::from_millis(since) + bound;
            if Instant::now() >= end {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.taken().remove(&self.number);
    }
}

/// Notes what moves on a connection.
#[derive(Debug, Clone)]
pub(super) struct Watcher {
    room: Arc<Room>,
    standing: Arc<Standing>,
}

impl Watcher {
    /// Something moves.
    pub(super) fn moves(&self) {
        self.standing.moved.store(self.room.now(), Ordering::Relaxed);
    }

    /// A call begins; it ends when what is answered is dropped.
    pub(super) fn call(&self) -> UnderWay {
        self.standing.calls.fetch_add(1, Ordering::Relaxed);
        self.standing.has_called.store(true, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    /// The body of a call begins to come; it has come when what is answered is dropped.
    pub(super) fn arrival(&self) -> Arrival {
        self.standing.arriving.fetch_add(1, Ordering::Relaxed);
        Arrival { watcher: self.clone(), octets: 0 }
    }
}

/// A call that has no answer yet.
#[derive(Debug)]
pub(super) struct UnderWay(Watcher);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.moves();
        self.0.standing.was_answered.store(true, Ordering::Relaxed);
        self.0.standing.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that has not come whole.
#[derive(Debug)]
pub(super) struct Arrival {
    watcher: Watcher,
    octets: usize,
}

impl Arrival {
    /// So many more octets are held for it. When all that is held is too much, the connections go for which most is.
    pub(super) fn holds(&mut self, octets: usize) {
        let Watcher { room, standing } = &self.watcher;
        let octets = octets.min(UNFINISHED_CALL.saturating_sub(self.octets));
        self.octets += octets;
        standing.unfinished.fetch_add(octets, Ordering::Relaxed);
        if room.unfinished.fetch_add(octets, Ordering::Relaxed) + octets > UNFINISHED {
            room.unburden();
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.watcher.moves();
        let Watcher { room, standing } = &self.watcher;
        room.unfinished.fetch_sub(self.octets, Ordering::Relaxed);
        standing.unfinished.fetch_sub(self.octets, Ordering::Relaxed);
        standing.arriving.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_silent_when_nothing_has_moved_for_its_time() {
        let place = Room::of(1).place().await;
        let mut silent = Box::pin(place.silent());
        advance(FIRST_CALL - Duration::from_millis(1)).await;
        assert!(silent.as_mut().now_or_never().is_none());
        let call = place.watcher().call();
        advance(IDLE * 3).await;
        assert!(silent.as_mut().now_or_never().is_none(), "a call is under way");
        drop(call);
        advance(IDLE - Duration::from_millis(1)).await;
        assert!(silent.as_mut().now_or_never().is_none());
        place.watcher().moves();
        advance(IDLE - Duration::from_millis(1)).await;
        assert!(silent.as_mut().now_or_never().is_none(), "its client takes the answer");
        advance(Duration::from_millis(1)).await;
        silent.await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_says_nothing_is_given_less_time() {
        let place = Room::of(1).place().await;
        advance(FIRST_CALL).await;
        place.silent().now_or_never().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_full_room_the_longest_silent_goes_and_nobody_in_the_middle_of_a_call() {
        let room = Room::of(3);
        let (calling, kept, dumb) = (room.place().await, room.place().await, room.place().await);
        let _call = calling.watcher().call();
        // Its body has come.
        drop(calling.watcher().arrival());
        drop(kept.watcher().call());
        assert!(dumb.shown_out().now_or_never().is_none());
        let mut next = Box::pin(room.place());
        assert!(next.as_mut().now_or_never().is_none());
        dumb.shown_out().now_or_never().unwrap();
        assert!(kept.shown_out().now_or_never().is_none(), "it was answered once, and the other never");
        drop(dumb);
        let next = next.await;
        let _calls = next.watcher().call();
        advance(Duration::from_millis(1)).await;
        let unfinished = (kept.watcher().call(), kept.watcher().arrival());
        let mut last = Box::pin(room.place());
        assert!(last.as_mut().now_or_never().is_none());
        kept.shown_out().now_or_never().unwrap();
        assert!(calling.shown_out().now_or_never().is_none());
        drop((kept, unfinished));
        last.await;
        drop((calling, next));
        room.empty().await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_makes_it_hold_too_much_of_unfinished_bodies_goes() {
        let room = Room::of(3);
        let (dumb, busy, modest) = (room.place().await, room.place().await, room.place().await);
        // One more is being answered on it, which makes it no less of a burden.
        let _calls = (busy.watcher().call(), busy.watcher().call(), modest.watcher().call());
        let much = |_| {
            let mut body = busy.watcher().arrival();
            // Whatever it has us throw away, no more of it is held.
            body.holds(usize::MAX);
            body
        };
        let much: Vec<Arrival> = (0..UNFINISHED / UNFINISHED_CALL).map(much).collect();
        let mut little = modest.watcher().arrival();
        little.holds(UNFINISHED % UNFINISHED_CALL);
        assert!(busy.shown_out().now_or_never().is_none(), "as much as may be");
        little.holds(1);
        little.holds(1);
        busy.shown_out().now_or_never().unwrap();
        assert!(modest.shown_out().now_or_never().is_none() && dumb.shown_out().now_or_never().is_none());
        drop((much, busy));
        little.holds(1);
        assert!(modest.shown_out().now_or_never().is_none(), "what has gone is held no more");
    }
}
