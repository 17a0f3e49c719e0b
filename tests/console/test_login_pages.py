"""The log-in page, sessions and forms over HTTP: what gets in, what is refused, and that nothing changed then."""

from tests.console.conftest import PASSWORD, Console, token_of

HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}


async def test_who_is_not_logged_in_is_sent_to_the_login_page_and_back(console_app: Console) -> None:
    async with console_app.client() as client:
        answer = await client.get("/ledger?prefix=sku/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/ledger%3Fprefix%3Dsku/")
        page = await client.get(answer.headers["location"])
        assert '<input type="hidden" name="next" value="/ledger?prefix=sku/">' in page.text
        fields = {"name": "viewer", "password": PASSWORD, "next": "/ledger?prefix=sku/", "_csrf": token_of(page.text)}
        answer = await client.post("/login", data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/ledger?prefix=sku/")
        assert (await client.get("/ledger")).status_code == 200


async def test_the_session_cookie_is_new_hidden_from_scripts_and_gone_at_logout(console_app: Console) -> None:
    async with console_app.client() as client:
        client.cookies.set("operator", "planted", domain="127.0.0.1")
        answer = await console_app.log_in(client, "viewer")
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("operator="))
        assert cookie.endswith("; HttpOnly; Max-Age=604800; Path=/; SameSite=lax")
        token = cookie.removeprefix("operator=").split(";")[0]
        assert token != "planted"
        assert len(token) == 43
        assert (await console_app.send(client, "/logout", {})).headers["location"] == "/login"
        client.cookies.set("operator", token, domain="127.0.0.1")
        assert (await client.get("/me")).status_code == 303
        assert await console_app.db.fetchval("select count(*) from operator_session") == 0


async def test_a_link_cannot_lead_off_the_site_after_login(console_app: Console) -> None:
    for foreign in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "ledger", ""):
        async with console_app.client() as client:
            token = token_of((await client.get("/login")).text)
            fields = {"name": "viewer", "password": PASSWORD, "next": foreign, "_csrf": token}
            assert (await client.post("/login", data=fields)).headers["location"] == "/", foreign


async def test_a_wrong_password_says_so_in_both_languages_and_too_many_are_stopped(console_app: Console) -> None:
    async with console_app.client() as client:
        for _ in range(5):
            answer = await console_app.log_in(client, "viewer", "guess")
            assert answer.status_code == 422
            assert "The name or the password is wrong." in answer.text
        client.headers["Accept-Language"] = "zh-CN"
        answer = await console_app.log_in(client, "viewer")
        assert answer.status_code == 429
        assert "失败次数太多：请 15 分钟后再试" in answer.text
    assert await console_app.db.fetchval("select count(*) from operator_session") == 0


async def test_forms_of_other_sites_are_refused_and_change_nothing(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        page = await client.get("/keys")
        right, fields = {"_csrf": token_of(page.text)}, {"label": "Stolen"}
        async with console_app.client() as other:
            await console_app.log_in(other, "admin")
            others = {"_csrf": token_of((await other.get("/keys")).text)}
        for data, headers in (
            (fields, {}),
            (fields | {"_csrf": "made up"}, {}),
            (fields | others, {}),
            (fields | right, {"Origin": "https://elsewhere.example"}),
            (fields | right, {"Origin": "null"}),
        ):
            answer = await client.post("/keys", data=data, headers=headers)
            assert answer.status_code == 403, (data, headers)
            assert "This form is no longer good" in answer.text
        del client.headers["Origin"]
        answer = await client.post("/keys", data=fields | right, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert await console_app.db.fetchval("select count(*) from api_key") == 0
        assert (await client.post("/keys", data=fields | right)).status_code == 200
        by_script = {"X-CSRF-Token": right["_csrf"], "Sec-Fetch-Site": "same-origin"}
        assert (await client.post("/keys", data={"label": "By script"}, headers=by_script)).status_code == 200
        assert await console_app.db.fetchval("select count(*) from api_key") == 2


async def test_every_answer_carries_the_headers_errors_too(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        statuses = []
        for path in (
            "/me",
            "/nowhere",
            "/operators",
            "/static/console/console.js",
            "/static/console/none.js",
            "/login",
        ):
            answer = await client.get(path)
            statuses.append(answer.status_code)
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
        assert statuses == [200, 404, 403, 200, 404, 200]


async def test_the_page_that_refuses_names_the_permission(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        answer = await client.get("/keys")
        assert answer.status_code == 403
        assert "This needs the permission key.edit" in answer.text
        assert "belongs to: Administrator. operator is: Operator. Ask an administrator." in answer.text
        client.headers["Accept-Language"] = "zh"
        assert "需要权限 key.edit" in (await client.get("/keys")).text
        assert (await console_app.send(client, "/keys", {"label": "x"})).status_code == 403
    assert await console_app.db.fetchval("select count(*) from api_key") == 0


async def test_the_side_bar_shows_what_the_role_may_open(console_app: Console) -> None:
    shown = {}
    for role in ("viewer", "operator", "admin"):
        async with console_app.client() as client:
            await console_app.log_in(client, role)
            page = (await client.get("/me")).text
            shown[role] = [
                line.split('href="')[1].split('"')[0] for line in page.split("\n") if '<a class="nav"' in line
            ]
    work = ["/", "/calendar", "/campaigns", "/my-tasks"]
    library = ["/ledger", "/ledger/health", "/preflight"]
    assert shown["viewer"] == work + library
    assert shown["operator"] == [*work, *library, "/audit"]
    assert shown["admin"] == [*work, *library, "/operators", "/keys", "/webhooks", "/audit"]


async def test_ones_own_password_is_changed_and_other_sessions_end(console_app: Console) -> None:
    async with console_app.client() as client, console_app.client() as elsewhere:
        await console_app.log_in(client, "viewer")
        await console_app.log_in(elsewhere, "viewer")
        answer = await console_app.send(client, "/me/password", {"old": "wrong", "new": "another password"})
        assert (answer.status_code, "The present password is wrong." in answer.text) == (422, True)
        answer = await console_app.send(client, "/me/password", {"old": PASSWORD, "new": "another password"})
        assert answer.headers["location"] == "/me"
        page = (await client.get("/me")).text
        assert "The password is changed; you are logged out everywhere else." in page
        assert "The password is changed" not in (await client.get("/me")).text
        assert (await elsewhere.get("/me")).status_code == 303
        async with console_app.client() as third:
            assert (await console_app.log_in(third, "viewer", "another password")).status_code == 303
