//! Units of an order's lines, and where they are: pure.

use inventory::{Fulfilment, Part, StockKey};
use kernel::{Quantity, id::VariantId};
use orders::{Line, LineComponent};
use shipping::Shipment;

/// Units of a line's variant in one warehouse of which something can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Which line.
    pub line_no: i16,
    /// Of which variant, and where.
    pub key: StockKey,
    /// How many.
    pub units: i32,
}

/// What one unit of a line is made of: itself, or what is in its bundle.
pub(super) fn recipe(line: &Line, components: &[LineComponent]) -> Vec<(VariantId, i32)> {
    let own = components.iter().filter(|component| component.line_no == line.line_no);
    let parts: Vec<_> =
        own.map(|part| (part.variant, i32::try_from(part.quantity).unwrap_or(i32::MAX))).collect();
    if parts.is_empty() { vec![(line.variant, 1)] } else { parts }
}

/// What is bought, has not left, and is in no parcel that is planned.
pub(super) fn unplanned(bought: &[Fulfilment], shipments: &[Shipment]) -> Vec<Room> {
    let planned = |it: &Fulfilment| -> i32 {
        let open = shipments
            .iter()
            .filter(|parcel| parcel.status.is_planned() && parcel.warehouse == it.key.warehouse);
        let lines = open.flat_map(|parcel| &parcel.lines);
        lines
            .filter(|line| line.line_no == it.line_no && line.variant == it.key.variant)
            .map(|line| line.quantity)
            .sum()
    };
    rooms(bought, |it| it.to_ship() - planned(it))
}

/// What left and did not come back.
pub(super) fn out(bought: &[Fulfilment]) -> Vec<Room> {
    rooms(bought, Fulfilment::out)
}

fn rooms(bought: &[Fulfilment], units: impl Fn(&Fulfilment) -> i32) -> Vec<Room> {
    bought
        .iter()
        .map(|it| Room { line_no: it.line_no, key: it.key, units: units(it) })
        .filter(|room| room.units > 0)
        .collect()
}

/// How many units of a line there is room for: as many as of what there is the least.
pub(super) fn capacity(line_no: i16, recipe: &[(VariantId, i32)], rooms: &[Room]) -> i32 {
    let of_variant = |(variant, each): &(VariantId, i32)| {
        let own = rooms.iter().filter(|it| it.line_no == line_no && it.key.variant == *variant);
        let sum: i64 = own.map(|room| i64::from(room.units)).sum();
        i32::try_from(sum / i64::from((*each).max(1))).unwrap_or(i32::MAX)
    };
    recipe.iter().map(of_variant).min().unwrap_or(0)
}

/// Takes so many units of a line out of the rooms, the first ones first. How many there are when that
/// is fewer; then nothing was taken.
pub(super) fn take(
    line_no: i16,
    recipe: &[(VariantId, i32)],
    units: i32,
    rooms: &mut [Room],
) -> Result<Vec<Part>, i32> {
    let left = capacity(line_no, recipe, rooms);
    if units > left {
        return Err(left);
    }
    let mut parts = Vec::new();
    for (variant, each) in recipe {
        let mut missing = i64::from(units) * i64::from(*each);
        let own = rooms.iter_mut();
        for room in own.filter(|it| it.line_no == line_no && it.key.variant == *variant) {
            let taken = missing.min(i64::from(room.units));
            let Ok(quantity) = Quantity::new(taken) else { continue };
            room.units -= quantity.to_i32();
            missing -= taken;
            parts.push(Part { line_no, key: room.key, quantity });
        }
        assert_eq!(missing, 0, "room for {units} units of line {line_no} was there");
    }
    Ok(parts)
}

/// Everything in the rooms, as parts.
pub(super) fn all(rooms: &[Room]) -> Vec<Part> {
    rooms
        .iter()
        .filter_map(|room| {
            let quantity = Quantity::new(room.units.into()).ok()?;
            Some(Part { line_no: room.line_no, key: room.key, quantity })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use kernel::id::WarehouseId;
    use uuid::Uuid;

    use super::*;

    fn variant(n: u128) -> VariantId {
        Uuid::from_u128(n).into()
    }

    fn room(line_no: i16, of: u128, at: u128, units: i32) -> Room {
        let warehouse = WarehouseId::from(Uuid::from_u128(at));
        Room { line_no, key: StockKey { variant: variant(of), warehouse }, units }
    }

    fn taken(parts: &[Part]) -> Vec<(StockKey, u32)> {
        parts.iter().map(|part| (part.key, part.quantity.get())).collect()
    }

    #[test]
    fn units_are_taken_from_the_first_rooms_that_have_them() {
        let rooms = [room(1, 7, 1, 2), room(2, 7, 1, 9), room(1, 7, 2, 3)];
        let recipe = [(variant(7), 1)];
        assert_eq!(capacity(1, &recipe, &rooms), 5);
        let mut left = rooms;
        let parts = take(1, &recipe, 4, &mut left).unwrap();
        assert_eq!(taken(&parts), [(rooms[0].key, 2), (rooms[2].key, 2)]);
        assert_eq!(left.map(|it| it.units), [0, 9, 1]);
        assert_eq!(take(1, &recipe, 2, &mut left), Err(1));
        assert_eq!(left.map(|it| it.units), [0, 9, 1]);
        assert_eq!(capacity(3, &recipe, &rooms), 0);
        assert_eq!(all(&left).len(), 2);
    }

    #[test]
    fn of_a_bundle_there_are_as_many_as_of_its_scarcest_part() {
        let rooms = [room(1, 7, 1, 5), room(1, 8, 1, 2), room(1, 8, 2, 1)];
        let recipe = [(variant(7), 2), (variant(8), 1)];
        assert_eq!(capacity(1, &recipe, &rooms), 2);
        let mut left = rooms;
        let parts = take(1, &recipe, 2, &mut left).unwrap();
        assert_eq!(taken(&parts), [(rooms[0].key, 4), (rooms[1].key, 2)]);
        assert_eq!(take(1, &recipe, 1, &mut left), Err(0));
    }
}
