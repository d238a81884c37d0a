//! Team of threads that share the parts of a step.
//!
//! A part of a step takes tens of microseconds, and so does waking a thread. So a helper polls for the next
//! part for a while before it sleeps. The caller never waits for a helper that has not joined in.

use std::{
    any::Any,
    cell::UnsafeCell,
    hint, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Condvar, Mutex, OnceLock, PoisonError, TryLockError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Time for which a helper polls for work before it sleeps: longer than the pause between two steps.
const LOOKS_OUT: Duration = Duration::from_micros(200);

/// Bytes of stack of a helper, whatever the environment says of threads.
const STACK: usize = 4 << 20;

/// Team of threads: the caller's own, and helpers, which start when they are first needed.
#[derive(Debug)]
pub(crate) struct Team {
    threads: usize,
    helpers: OnceLock<Helpers>,
}

impl Team {
    pub(crate) const fn new(threads: usize) -> Self {
        Self { threads, helpers: OnceLock::new() }
    }

    /// Number of threads, the caller's included.
    pub(crate) const fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `job` on all items, in any order, in up to `threads` threads.
    pub(crate) fn for_each<T: Send>(
        &self,
        threads: usize,
        items: impl Iterator<Item = T> + Send,
        job: impl Fn(T) + Sync,
    ) {
        let threads = threads.min(self.threads);
        if threads < 2 {
            return items.for_each(job);
        }
        let items = Mutex::new(items);
        let helpers = self.helpers.get_or_init(|| Helpers::start(self.threads - 1));
        helpers.join_in(threads - 1, &|| {
            loop {
                // A statement of its own: it releases the lock before the job runs.
                let item = items.lock().unwrap_or_else(PoisonError::into_inner).next();
                match item {
                    Some(item) => job(item),
                    None => return,
                }
            }
        });
    }
}

/// Part of a step, or work that is done beside the step.
pub(crate) enum Part<'a, T> {
    Beside(&'a mut (dyn FnMut() + Send)),
    Own(T),
}

/// Runs `job` on all items, by the whole team where there is one.
pub(crate) fn for_each<T: Send>(
    team: Option<&Team>,
    items: impl Iterator<Item = T> + Send,
    job: impl Fn(T) + Sync,
) {
    match team {
        Some(team) => team.for_each(team.threads, items, job),
        None => items.for_each(job),
    }
}

/// Work that helpers join in; it returns when nothing is left to do.
type Work = dyn Fn() + Sync + 'static;

/// Threads of the helpers. Dropping it ends them.
#[derive(Debug)]
struct Helpers {
    board: Arc<Board>,
    threads: Vec<JoinHandle<()>>,
}

/// Board where the caller posts work and helpers find it.
#[derive(Debug)]
struct Board {
    /// A [`State`] as one word.
    state: AtomicU64,
    /// Lock of the thread whose work is on the board.
    caller: Mutex<()>,
    /// The work on the board. Only the caller writes it, while no helper is at work. A helper reads it only
    /// while it is counted as at work.
    work: UnsafeCell<Option<&'static Work>>,
    /// Payload of a helper's panic.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    asleep: AtomicUsize,
    sleep: Mutex<()>,
    wake: Condvar,
}

// SAFETY: `work` is accessed as its comment says, ordered by `state`; what it points to is `Sync`.
unsafe impl Send for Board {}
// SAFETY: as above.
unsafe impl Sync for Board {}

/// State of the board, in one word that changes atomically: the number of the present work, the helpers that
/// may still join in, and the helpers at work.
#[derive(Clone, Copy, PartialEq)]
struct State {
    number: u32,
    seats: u16,
    at_work: u16,
}

impl State {
    /// Number that tells helpers to end.
    const END: u32 = u32::MAX;

    const fn of(word: u64) -> Self {
        Self { number: (word >> 32) as u32, seats: (word >> 16) as u16, at_work: word as u16 }
    }

    const fn word(self) -> u64 {
        (self.number as u64) << 32 | (self.seats as u64) << 16 | self.at_work as u64
    }
}

impl Helpers {
    /// Starts `count` helpers, or as many as the system allows.
    fn start(count: usize) -> Self {
        let board = Arc::new(Board {
            state: AtomicU64::new(0),
            caller: Mutex::new(()),
            work: UnsafeCell::new(None),
            panic: Mutex::new(None),
            asleep: AtomicUsize::new(0),
            sleep: Mutex::new(()),
            wake: Condvar::new(),
        });
        let start = |i: usize| {
            let board = board.clone();
            let builder = thread::Builder::new().name(format!("step {i}")).stack_size(STACK);
            builder.spawn(move || board.help()).ok()
        };
        let threads = (1..=count).map_while(start).collect();
        Self { board, threads }
    }

    /// Runs `work` in this thread and, at the same time, in up to `helpers` helpers.
    fn join_in(&self, helpers: usize, work: &(dyn Fn() + Sync)) {
        let board = &*self.board;
        // A thread that finds the helpers at work for another works alone.
        let caller = match board.caller.try_lock() {
            Ok(caller) => caller,
            Err(TryLockError::Poisoned(earlier_panic)) => earlier_panic.into_inner(),
            Err(TryLockError::WouldBlock) => return work(),
        };
        // SAFETY: this only forgets a lifetime. No helper has the pointer when this function ends: `Closing`
        // sees to it, also in a panic.
        let work_for_all = unsafe { mem::transmute::<&(dyn Fn() + Sync), &'static Work>(work) };
        // SAFETY: no helper is at work, none comes before the state below says so, and this is the only
        // caller.
        unsafe { *board.work.get() = Some(work_for_all) };
        let before = State::of(board.state.load(Ordering::Relaxed));
        let number = (before.number + 1) % State::END;
        let seats = u16::try_from(helpers).unwrap_or(u16::MAX);
        // An earlier caller that panicked itself may have left a helper's panic here.
        board.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        board.state.store(State { number, seats, at_work: 0 }.word(), Ordering::SeqCst);
        // Helpers that are awake join in first; only the others are woken.
        let asleep = board.asleep.load(Ordering::SeqCst);
        board.wake(helpers.saturating_sub(self.threads.len().saturating_sub(asleep)));
        let closing = Closing(board);
        work();
        drop(closing);
        let panic = board.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(caller);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        let end = State { number: State::END, seats: 0, at_work: 0 };
        self.board.state.store(end.word(), Ordering::SeqCst);
        self.board.wake(self.threads.len());
        for thread in self.threads.drain(..) {
            // It has caught every panic.
            let _ = thread.join();
        }
    }
}

/// End of a work, when dropped: no more helpers may join in, those at work are waited for, and the board is
/// cleared.
struct Closing<'a>(&'a Board);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let open = State { number: 0, seats: u16::MAX, at_work: 0 }.word();
        self.0.state.fetch_and(!open, Ordering::Relaxed);
        let mut looks = 0;
        while State::of(self.0.state.load(Ordering::Acquire)).at_work > 0 {
            look_again(&mut looks);
        }
        // SAFETY: no helper is at work, and none comes before there is new work.
        unsafe { *self.0.work.get() = None };
    }
}

/// Pauses for a moment; every so often it yields to other threads of this core.
fn look_again(looks: &mut u32) {
    *looks = looks.wrapping_add(1);
    if looks.is_multiple_of(32) { thread::yield_now() } else { hint::spin_loop() }
}

impl Board {
    /// Wakes up to `count` helpers.
    fn wake(&self, count: usize) {
        if count > 0 && self.asleep.load(Ordering::SeqCst) > 0 {
            // A helper about to sleep holds the lock until it sleeps.
            drop(self.sleep.lock().unwrap_or_else(PoisonError::into_inner));
            (0..count).for_each(|_| self.wake.notify_one());
        }
    }

    /// Loop of a helper's thread.
    fn help(&self) {
        let (mut done, mut looks, mut since) = (0, 0, Instant::now());
        loop {
            let state = State::of(self.state.load(Ordering::Acquire));
            if state.number == State::END {
                return;
            }
            if state.number != done && state.seats > 0 {
                let inside = State { seats: state.seats - 1, at_work: state.at_work + 1, ..state };
                let (old, new) = (state.word(), inside.word());
                let come =
                    self.state.compare_exchange(old, new, Ordering::Acquire, Ordering::Relaxed);
                if come.is_ok() {
                    done = state.number;
                    self.work();
                    // `at_work` is the lowest part of the word.
                    self.state.fetch_sub(1, Ordering::Release);
                    (looks, since) = (0, Instant::now());
                }
                continue;
            }
            look_again(&mut looks);
            if looks.is_multiple_of(32) && since.elapsed() > LOOKS_OUT {
                self.sleep(done);
                since = Instant::now();
            }
        }
    }

    fn work(&self) {
        // SAFETY: this helper is counted as at work: the pointer was written before, and its caller waits.
        let work = unsafe { *self.work.get() };
        let outcome = catch_unwind(AssertUnwindSafe(|| work.map(|work| work())));
        if let Err(panic) = outcome {
            *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
        }
    }

    /// Sleeps until the board has other work than number `done`.
    fn sleep(&self, done: u32) {
        let mut lock = self.sleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.asleep.fetch_add(1, Ordering::SeqCst);
        let is_old =
            |state: State| state.number == done || state.seats == 0 && state.number != State::END;
        while is_old(State::of(self.state.load(Ordering::SeqCst))) {
            lock = self.wake.wait(lock).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::{panic::AssertUnwindSafe, sync::atomic::AtomicUsize};

    use super::*;

    #[test]
    fn every_item_is_done_once_and_before_the_end() {
        for threads in [1, 2, 5] {
            let team = Team::new(threads);
            for round in 0..300 {
                let mut done = vec![0; round % 40];
                team.for_each(threads, done.iter_mut().enumerate(), |(i, item)| *item += i + round);
                assert!(done.iter().enumerate().all(|(i, item)| *item == i + round));
                if round % 100 == 99 {
                    // Long enough for the helpers to sleep.
                    thread::sleep(3 * LOOKS_OUT);
                }
            }
        }
    }

    #[test]
    fn helpers_work_at_the_same_time() {
        let (team, together) = (Team::new(3), AtomicUsize::new(0));
        // Each waits until all three are there.
        team.for_each(3, 0..3, |_| {
            together.fetch_add(1, Ordering::SeqCst);
            while together.load(Ordering::SeqCst) < 3 {
                thread::yield_now();
            }
        });
        assert_eq!(together.into_inner(), 3);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_goes_on() {
        for place in 0..20 {
            let team = Team::new(3);
            let run = || {
                team.for_each(3, 0..20, |item| assert_ne!(item, place, "panics for this test"));
            };
            assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
            let sum = AtomicUsize::new(0);
            team.for_each(3, 1..=100, |item| {
                sum.fetch_add(item, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 5050);
        }
    }
}
