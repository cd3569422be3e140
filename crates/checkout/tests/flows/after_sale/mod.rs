//! After the sale: parcels, what is taken off, what comes back, the end; each flow alone, broken at
//! every step, repeated, and against others at the same moment.

mod at_the_door;
mod cancelling;
mod editing;
mod hands;
mod journey;
mod races;
mod returning;
mod sagas;
mod sending;
