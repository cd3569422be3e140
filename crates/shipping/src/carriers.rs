//! Carriers 物流商 that bring parcels in Taiwan, and where a parcel can be followed.
//!
//! Where a carrier's page takes the number in its address, the link leads to the parcel; where it asks
//! for it in a form, the link leads to the form, and the number is shown beside it.

use kernel::LocalizedText;

/// Somebody who brings parcels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Known by it for ever, e.g. `tcat`.
    pub code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    /// Where parcels are followed; `{number}` stands for the parcel's number.
    tracking: Option<&'static str>,
}

/// Every carrier, in the order in which they are offered.
pub const CARRIERS: &[Carrier] = &[
    Carrier {
        code: "tcat",
        name_zh: "黑貓宅急便",
        name_en: "T-CAT",
        tracking: Some("https://www.t-cat.com.tw/Inquire/TraceDetail.aspx?BillID={number}"),
    },
    Carrier {
        code: "hct",
        name_zh: "新竹物流",
        name_en: "HCT Logistics",
        tracking: Some("https://www.hct.com.tw/Search/SearchGoods_n.aspx"),
    },
    Carrier {
        code: "pelican",
        name_zh: "宅配通",
        name_en: "Taiwan Pelican Express",
        tracking: Some("https://www.e-can.com.tw/search_Goods.aspx"),
    },
    Carrier {
        code: "post",
        name_zh: "中華郵政",
        name_en: "Chunghwa Post",
        tracking: Some("https://postserv.post.gov.tw/pstmail/main_mail.html"),
    },
    Carrier {
        code: "kerry",
        name_zh: "嘉里大榮物流",
        name_en: "Kerry TJ Logistics",
        tracking: Some("https://www.kerrytj.com/ZH/search/search_track.aspx"),
    },
    Carrier {
        code: "sf",
        name_zh: "順豐速運",
        name_en: "SF Express",
        tracking: Some(
            "https://htm.sf-express.com/tw/tc/dynamic_function/waybill/#search/bill-number/{number}",
        ),
    },
    Carrier {
        code: "seven_eleven",
        name_zh: "7-ELEVEN 交貨便",
        name_en: "7-ELEVEN",
        tracking: Some("https://eservice.7-11.com.tw/e-tracking/search.aspx"),
    },
    Carrier {
        code: "family_mart",
        name_zh: "全家店到店",
        name_en: "FamilyMart",
        tracking: Some("https://fmec.famiport.com.tw/FP_Entrance/QueryBox"),
    },
    Carrier {
        code: "hi_life",
        name_zh: "萊爾富店到店",
        name_en: "Hi-Life",
        tracking: Some("https://www.hilife.com.tw/serviceInfo_search.aspx"),
    },
    Carrier {
        code: "ok_mart",
        name_zh: "OK 超商店到店",
        name_en: "OK Mart",
        tracking: Some("https://ecservice.okmart.com.tw/Tracking/Search"),
    },
    Carrier { code: "own", name_zh: "自行配送", name_en: "Own delivery", tracking: None },
];

/// The longest number of a parcel.
pub const TRACKING_NUMBER_MAX: usize = 40;

impl Carrier {
    /// The carrier a code stands for.
    pub fn find(code: &str) -> Option<&'static Self> {
        CARRIERS.iter().find(|carrier| carrier.code == code)
    }

    /// Its name.
    pub fn name(&self) -> LocalizedText {
        LocalizedText::new(self.name_zh, self.name_en)
    }

    /// Where a parcel is followed; none of a carrier without such a page.
    pub fn tracking_url(&self, number: &str) -> Option<String> {
        Some(self.tracking?.replace("{number}", number))
    }
}

/// Whether a text can be a parcel's number: letters, digits and dashes. So it can stand in any address.
pub fn is_tracking_number(text: &str) -> bool {
    (1..=TRACKING_NUMBER_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_carrier_is_known_by_its_own_code_and_leads_to_its_own_page() {
        let codes: BTreeSet<_> = CARRIERS.iter().map(|carrier| carrier.code).collect();
        assert_eq!(codes.len(), CARRIERS.len());
        for carrier in CARRIERS {
            assert_eq!(Carrier::find(carrier.code), Some(carrier));
            let name = carrier.name();
            assert!(!name.zh_tw.is_empty() && !name.en.is_empty(), "{}", carrier.code);
            let Some(url) = carrier.tracking_url("AB-12") else {
                assert_eq!(carrier.code, "own");
                continue;
            };
            assert!(url.starts_with("https://"), "{url}");
            assert!(!url.contains('{'), "{url}");
        }
        assert_eq!(Carrier::find("dhl"), None);
        let tcat = Carrier::find("tcat").unwrap();
        assert!(tcat.tracking_url("9012").unwrap().ends_with("BillID=9012"));
    }

    #[test]
    fn a_number_can_do_no_harm_in_an_address() {
        for good in ["1", "9012-3456-7890", "SF1234567890123", &"9".repeat(40)] {
            assert!(is_tracking_number(good), "{good}");
        }
        for bad in ["", "a b", "1&x=2", "#", "一二三", "1/2", &"9".repeat(41)] {
            assert!(!is_tracking_number(bad), "{bad}");
        }
    }
}
