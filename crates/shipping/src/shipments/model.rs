//! The shipment's state machine (DESIGN 5.3): pure.

use jiff::Timestamp;
use kernel::id::{OrderId, ShipmentId, VariantId, WarehouseId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::carriers::Carrier;

/// How far a shipment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// Planned: its units are picked.
    Pending,
    /// Packed; the carrier may fetch it.
    ReadyToShip,
    /// With the carrier: its units have left the warehouse.
    Shipped,
    /// With the customer.
    Delivered,
    /// Back: it could not be delivered, or all of it was returned.
    Returned,
    /// Given up before it left.
    Cancelled,
}

/// What can happen to a shipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShipmentMove {
    /// It is packed.
    Pack,
    /// The carrier takes it.
    Ship,
    /// The customer has it.
    Deliver,
    /// It is back.
    ComeBack,
    /// It is not to be.
    Cancel,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a shipment that is {from:?} cannot {asked:?}")]
pub struct InvalidShipmentMove {
    /// Where the shipment is.
    pub from: ShipmentStatus,
    /// What was asked.
    pub asked: ShipmentMove,
}

impl ShipmentStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::ReadyToShip,
        Self::Shipped,
        Self::Delivered,
        Self::Returned,
        Self::Cancelled,
    ];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::ReadyToShip => "ready_to_ship",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Where `asked` leads from here. A parcel that nobody fetched comes back undelivered.
    pub const fn after(self, asked: ShipmentMove) -> Result<Self, InvalidShipmentMove> {
        let to = match (self, asked) {
            (Self::Pending, ShipmentMove::Pack) => Self::ReadyToShip,
            (Self::ReadyToShip, ShipmentMove::Ship) => Self::Shipped,
            (Self::Shipped, ShipmentMove::Deliver) => Self::Delivered,
            (Self::Shipped | Self::Delivered, ShipmentMove::ComeBack) => Self::Returned,
            (Self::Pending | Self::ReadyToShip, ShipmentMove::Cancel) => Self::Cancelled,
            (from, asked) => return Err(InvalidShipmentMove { from, asked }),
        };
        Ok(to)
    }

    /// Whether it holds units that have not left the warehouse yet.
    pub const fn is_planned(self) -> bool {
        matches!(self, Self::Pending | Self::ReadyToShip)
    }

    /// Whether its units have left the warehouse (and perhaps come back since).
    pub const fn has_left(self) -> bool {
        matches!(self, Self::Shipped | Self::Delivered | Self::Returned)
    }
}

impl ShipmentMove {
    /// The move that leads into a status, as people ask for it; none leads into the first one.
    pub const fn into(status: ShipmentStatus) -> Option<Self> {
        match status {
            ShipmentStatus::Pending => None,
            ShipmentStatus::ReadyToShip => Some(Self::Pack),
            ShipmentStatus::Shipped => Some(Self::Ship),
            ShipmentStatus::Delivered => Some(Self::Deliver),
            ShipmentStatus::Returned => Some(Self::ComeBack),
            ShipmentStatus::Cancelled => Some(Self::Cancel),
        }
    }
}

/// How a parcel is known on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    /// Who brings it.
    pub carrier: Option<&'static Carrier>,
    /// What they know it by; not without a carrier.
    pub number: Option<String>,
}

impl Tracking {
    /// Where it is followed.
    pub fn url(&self) -> Option<String> {
        self.carrier?.tracking_url(self.number.as_deref()?)
    }
}

/// Units of an order's line in a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShipmentLine {
    /// Which line.
    pub line_no: i16,
    /// Of which variant; of a bundle's line, one of its components.
    pub variant: VariantId,
    /// How many.
    pub quantity: i32,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// Its id, on its order's shard.
    pub id: ShipmentId,
    /// Whose units it holds.
    pub order: OrderId,
    /// 1, 2, 3, … of its order.
    pub number: i16,
    /// Where it leaves.
    pub warehouse: WarehouseId,
    /// How far it has come.
    pub status: ShipmentStatus,
    /// How it is known on its way.
    pub tracking: Tracking,
    /// Counts its changes.
    pub version: i64,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it left.
    pub shipped_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// What is in it: by line and variant, each pair once.
    pub lines: Vec<ShipmentLine>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVES: [ShipmentMove; 5] = [
        ShipmentMove::Pack,
        ShipmentMove::Ship,
        ShipmentMove::Deliver,
        ShipmentMove::ComeBack,
        ShipmentMove::Cancel,
    ];

    #[test]
    fn the_machine_has_exactly_these_moves() {
        use {ShipmentMove as M, ShipmentStatus as S};
        let expected = [
            (S::Pending, M::Pack, S::ReadyToShip),
            (S::Pending, M::Cancel, S::Cancelled),
            (S::ReadyToShip, M::Ship, S::Shipped),
            (S::ReadyToShip, M::Cancel, S::Cancelled),
            (S::Shipped, M::Deliver, S::Delivered),
            (S::Shipped, M::ComeBack, S::Returned),
            (S::Delivered, M::ComeBack, S::Returned),
        ];
        for from in S::ALL {
            for asked in MOVES {
                let wanted = expected.iter().find(|(f, m, _)| (*f, *m) == (from, asked));
                let wanted =
                    wanted.map(|(_, _, to)| *to).ok_or(InvalidShipmentMove { from, asked });
                assert_eq!(from.after(asked), wanted);
            }
        }
    }

    #[test]
    fn words_are_unambiguous_and_every_move_leads_where_it_says() {
        for status in ShipmentStatus::ALL {
            assert_eq!(ShipmentStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
            if let Some(asked) = ShipmentMove::into(status) {
                let leads = |from: ShipmentStatus| from.after(asked).is_ok_and(|to| to == status);
                assert!(ShipmentStatus::ALL.into_iter().any(leads), "{status:?}");
            }
        }
        assert_eq!(ShipmentStatus::parse("lost"), None);
        assert_eq!(ShipmentMove::into(ShipmentStatus::Pending), None);
    }

    #[test]
    fn a_parcel_is_followed_by_carrier_and_number() {
        let carrier = Carrier::find("tcat");
        let number = Some("9012".to_owned());
        let url = Tracking { carrier, number: number.clone() }.url();
        assert!(url.unwrap().ends_with("9012"));
        assert_eq!(Tracking { carrier, number: None }.url(), None);
        assert_eq!(Tracking { carrier: None, number: None }.url(), None);
        assert_eq!(Tracking { carrier: Carrier::find("own"), number }.url(), None);
    }
}
