//! The pages that go with the parcels.

use identity::Role;
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp},
    buying::{Bought, paid, three_mugs_and_a_tote},
};

async fn print(app: &TestApp, path: &str) -> String {
    let page = app.staff(Role::Warehouse).get(path).await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    page.ok(200).as_str().unwrap().to_owned()
}

async fn planned(bought: &Bought<'_>, line_no: i64) -> Value {
    let lines = json!([{"line_no": line_no, "quantity": 1}]);
    let form = json!({"warehouse_id": bought.app.shop.taipei, "lines": lines});
    bought.plan(form).await.ok(201)
}

#[tokio::test]
async fn a_packing_slip_says_what_is_inside_in_the_buyers_language_and_nothing_of_money() {
    let app = TestApp::new().await;
    let mut body = three_mugs_and_a_tote(&app);
    body["note"] = json!("<script>alert('x')</script> & 門口");
    let bought = paid(&app, body).await;
    let parcel = planned(&bought, 1).await;
    let path = format!("/api/admin/shipments/{}/packing-slip", parcel["id"].as_str().unwrap());
    let slip = print(&app, &path).await;
    for said in ["出貨明細", &bought.number, "王小明", "重慶南路一段 122 號", "MUG-WHITE", "馬克杯"]
    {
        assert!(slip.contains(said), "{said}: {slip}");
    }
    assert!(!slip.contains("TOTE-L"), "is in another parcel");
    for price in ["390", "1990", "3160"] {
        assert!(!slip.replace(&bought.number, "").contains(&format!(">{price}<")), "{price}");
    }
    assert!(slip.contains("&lt;script&gt;"), "{slip}");
    assert!(!slip.contains("<script"), "{slip}");
    let stranger = app.customer().get(&path).await;
    assert_eq!(stranger.problem(403), "FORBIDDEN");
}

#[tokio::test]
async fn a_pick_list_adds_up_what_many_parcels_hold() {
    let app = TestApp::new().await;
    let bought = paid(&app, three_mugs_and_a_tote(&app)).await;
    let (one, two) = (planned(&bought, 1).await, planned(&bought, 1).await);
    let id = |parcel: &Value| parcel["id"].as_str().unwrap().to_owned();
    let list = "/api/admin/shipments/pick-list";
    let both = print(&app, &format!("{list}?ids={},{}", id(&one), id(&two))).await;
    let all = print(&app, &format!("{list}?warehouse_id={}", app.shop.taipei)).await;
    for page in [&both, &all] {
        assert!(page.contains("<td class=\"number\">2</td>"), "{page}");
        assert_eq!(page.matches(&format!("{}-", bought.number)).count(), 2, "{page}");
        assert!(page.contains("TPE"), "{page}");
    }
    let refused = async |query: &str| -> Answer {
        app.staff(Role::Warehouse).get(&format!("{list}?{query}")).await
    };
    let twice = format!("ids={}&warehouse_id={}", id(&one), app.shop.taipei);
    for query in ["", "ids=", "ids=x", &twice] {
        assert_eq!(refused(query).await.problem(422), "VALIDATION_FAILED", "{query}");
    }
    let unknown = format!("ids={},{}", id(&one), bought.id);
    assert_eq!(refused(&unknown).await.problem(404), "SHIPMENT_NOT_FOUND");
    let many = vec![id(&one); 101].join(",");
    assert_eq!(refused(&format!("ids={many}")).await.problem(422), "VALIDATION_FAILED");
}
