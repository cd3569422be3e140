//! Which sizes are made of a picture.

/// The widths that pages can choose from: a telephone's column, a telephone's page at two and three
/// dots a pixel, a large screen.
pub const WIDTHS: [u32; 4] = [320, 640, 960, 1280];

/// The sizes that are made of a picture, narrowest first: none is larger than the picture itself, and a
/// small one is there in its own size.
pub fn renditions(size: (u32, u32)) -> Vec<(u32, u32)> {
    let (width, _) = size;
    let mut widths: Vec<u32> = WIDTHS.into_iter().filter(|it| *it <= width).collect();
    let is_small = WIDTHS.iter().all(|it| *it != width) && WIDTHS.iter().any(|it| *it > width);
    if is_small {
        widths.push(width);
    }
    widths.into_iter().map(|it| (it, height_at(size, it))).collect()
}

/// The height that belongs to another width.
pub fn height_at((width, height): (u32, u32), other: u32) -> u32 {
    scaled(height, other, width)
}

/// `side` times `part` of `whole`, rounded, and not nothing.
pub fn scaled(side: u32, part: u32, whole: u32) -> u32 {
    let (side, part, whole) = (u64::from(side), u64::from(part), u64::from(whole.max(1)));
    u32::try_from(((side * part + whole / 2) / whole).max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_picture_has_the_widths_up_to_its_own() {
        let widths = |width| -> Vec<u32> {
            renditions((width, width / 2)).into_iter().map(|(it, _)| it).collect()
        };
        assert_eq!(widths(4_000), WIDTHS);
        assert_eq!(widths(1_280), WIDTHS);
        assert_eq!(widths(1_279), [320, 640, 960, 1_279]);
        assert_eq!(widths(640), [320, 640]);
        assert_eq!(widths(100), [100]);
        assert_eq!(renditions((1_000, 750))[0], (320, 240));
        assert_eq!(renditions((1_000, 1))[0], (320, 1), "nothing has no height");
    }

    proptest! {
        #[test]
        fn no_size_is_larger_than_the_picture_and_all_have_its_shape(
            width in 1_u32..20_000, height in 1_u32..20_000
        ) {
            let sizes = renditions((width, height));
            prop_assert!(!sizes.is_empty());
            prop_assert!(sizes.windows(2).all(|pair| pair[0].0 < pair[1].0));
            for (w, h) in sizes {
                prop_assert!(w <= width && h <= height);
                let exact = f64::from(height) * f64::from(w) / f64::from(width);
                prop_assert!((f64::from(h) - exact).abs() <= 0.500_001 || h == 1);
            }
        }
    }
}
