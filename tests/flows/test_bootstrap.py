"""Bootstrap against a real server: everything is there afterwards, and again changes nothing."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import PrefectHTTPStatusError

from config.errors import ConfigError, HoldfastError
from config.settings import OrchestrationSettings, Settings, StoreSettings
from tests.support.prefect_api import client

# Each `prefect deploy` is a process that loads every flow: seconds, or a minute where it is busy.
pytestmark = [pytest.mark.prefect, pytest.mark.timeout(900)]
FRESH = "holdfast: freshness missed"


def bootstrap(settings: Settings, **options: Any) -> Any:
    from prefect.settings import PREFECT_API_URL

    from flows.bootstrap import bootstrap as bring_up_to_date

    return bring_up_to_date(settings, PREFECT_API_URL.value(), **options)


@pytest.fixture(scope="module", autouse=True)
def first(prefect_api: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Any]:
    """The settings that a server was first brought up to date for, and what was registered."""
    home = tmp_path_factory.mktemp("first") / "home"
    settings = Settings(home=home, store=StoreSettings(collection="first"))
    return settings, bootstrap(settings)


@pytest.fixture
def only_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the deployments as they are: the test is about something else."""
    monkeypatch.setattr("flows.bootstrap.deploy_all", lambda *_: None)


def run(desk: Any, **options: Any) -> Any:
    return bootstrap(desk.settings, **options)


def automation(name: str) -> Any:
    with client() as api:
        (found,) = api.read_automations_by_name(name)
    return found


def test_again_changes_nothing_and_a_changed_option_only_what_depends_on_it(
    first: tuple[Settings, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, registered = first
    deployed = {"ingest", "reindex", "promote", "verify", "evaluate", "gc", "purge"}
    assert set(registered.deployments) >= deployed
    assert set(registered.changed) == set(registered.automations)
    with client() as api:
        limit = api.read_global_concurrency_limit_by_name(registered.limits[0])
        deployment = api.read_deployment_by_name("ingest/ingest")
        assert limit.limit == 1
        assert deployment.work_pool_name == "holdfast"
        assert deployment.entrypoint == "flows.ingest.ingest"
        assert deployment.pull_steps in (None, [])
        assert deployment.path in (None, ".", "")
        assert deployment.parameters["params"]["deletions"] == "withhold"
        assert [s.slug for s in deployment.schedules] == ["hourly"]

    assert bootstrap(settings).changed == ()
    monkeypatch.setattr("flows.bootstrap.deploy_all", lambda *_: None)
    later = OrchestrationSettings(stale_after_hours=2.0)
    changed = settings.model_copy(update={"orchestration": later})
    assert bootstrap(changed).changed == (FRESH,)
    assert automation(FRESH).trigger.within.total_seconds() == 7200


@pytest.mark.thorough
def test_what_somebody_switched_off_stays_off(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("flows.bootstrap.deploy_all", lambda *_: None)
        run(desk)
    with client() as api:
        api.pause_automation(automation(FRESH).id)
        deployment = api.read_deployment_by_name("ingest/ingest")
        (schedule,) = deployment.schedules
        api.update_deployment_schedule(deployment.id, schedule.id, active=False)
    desk.change(orchestration=OrchestrationSettings(stale_after_hours=3.0))
    assert run(desk).changed == (FRESH,)
    assert automation(FRESH).enabled is False
    with client() as api:
        (schedule,) = api.read_deployment_by_name("ingest/ingest").schedules
        assert schedule.active is False
        api.resume_automation(automation(FRESH).id)


@pytest.mark.thorough
def test_a_source_has_a_deployment_as_long_as_it_has_a_schedule(desk: Any) -> None:
    (source,) = desk.settings.sources
    desk.change(sources=(source.model_copy(update={"schedule": "5 4 * * *"}),))
    assert "ingest-docs" in run(desk).deployments
    with client() as api:
        own = api.read_deployment_by_name("ingest/ingest-docs")
        assert own.parameters["params"]["sources"] == ["docs"]
        assert [(s.schedule.cron, s.slug) for s in own.schedules] == [("5 4 * * *", "own")]
    desk.change(sources=(source,))
    assert "ingest-docs" not in run(desk).deployments
    with client() as api:
        names = {deployment.name for deployment in api.read_deployments()}
    assert "ingest-docs" not in names
    assert "ingest" in names


@pytest.mark.usefixtures("only_the_rest")
def test_deployments_of_sources_go_however_many_there_are(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.bootstrap.PAGE", 2)
    with client() as api:
        flow = api.read_deployment_by_name("ingest/ingest").flow_id
        for number in range(5):
            name, tags = f"ingest-gone-{number}", ["holdfast", "holdfast-source"]
            api.create_deployment(flow, name=name, tags=tags)
        run(desk)
        left = {deployment.name for deployment in api.read_deployments()}
    assert "ingest" in left
    assert not [name for name in left if name.startswith("ingest-gone")]


def hourly() -> Any:
    with client() as api:
        (schedule,) = api.read_deployment_by_name("ingest/ingest").schedules
    return schedule


@pytest.mark.thorough
def test_the_hourly_schedule_goes_on_once_a_source_has_none_of_its_own(desk: Any) -> None:
    (source,) = desk.settings.sources
    own = source.model_copy(update={"schedule": "5 4 * * *"})
    desk.change(sources=(own,))
    run(desk)
    assert (hourly().active, hourly().parameters["params"]["sources"]) == (False, [])
    desk.change(sources=(own, source.model_copy(update={"name": "later"})))
    run(desk)
    assert (hourly().active, hourly().parameters["params"]["sources"]) == (True, ["later"])
    desk.change(sources=(source,))
    run(desk)


@pytest.mark.parametrize(("sources", "wanted"), [([], True), (["docs"], None)])
def test_only_what_rests_for_want_of_sources_is_woken_up(
    sources: list[str], wanted: bool | None, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody paused in the UI has sources, or says nothing of them."""
    sent: list[Any] = []
    monkeypatch.setattr("flows.bootstrap.deploy_all", lambda content, _: sent.append(content))
    with client() as api:
        deployment = api.read_deployment_by_name("ingest/ingest")
        place = f"/deployments/{deployment.id}/schedules/{hourly().id}"
        resting = {"active": False, "parameters": {"params": {"sources": sources}}}
        api._client.patch(place, json=resting)
        run(desk)
        api._client.patch(place, json={"active": True, "parameters": {}})
    (ingest,) = [one for one in sent[0]["deployments"] if one["name"] == "ingest"]
    assert [schedule.get("active") for schedule in ingest["schedules"]] == [wanted]


def test_a_password_is_refused_before_a_run_exists_that_would_keep_it() -> None:
    with client() as api:
        deployment = api.read_deployment_by_name("backup/backup")

        def ask(target: str | None) -> Any:
            body = {"parameters": {"params": {"target": target}}, "state": {"type": "SCHEDULED"}}
            return api._client.post(f"/deployments/{deployment.id}/create_flow_run", json=body)

        for target in ("s3://u:p4ss@x/y", "s3://x/y?apiKey=p4ss"):
            with pytest.raises(PrefectHTTPStatusError) as refused:
                ask(target)
            assert refused.value.response.status_code == 409
        for run in api.read_flow_runs():
            assert "p4ss" not in str(run.parameters)
        for target in ("s3://bucket/day", "/srv/backups", None):
            made = ask(target).json()
            api.delete_flow_run(made["id"])


@pytest.mark.usefixtures("only_the_rest")
def test_runs_work_in_the_folder_that_is_given(desk: Any, tmp_path: Any) -> None:
    run(desk, job={"working_dir": str(tmp_path)})
    run(desk)  # as a bootstrap elsewhere would: it leaves the folder alone
    with client() as api:
        template = api.read_work_pool("holdfast").base_job_template
    assert template["variables"]["properties"]["working_dir"]["default"] == str(tmp_path)


@pytest.mark.usefixtures("only_the_rest")
def test_a_password_in_the_address_of_the_server_is_not_handed_on(desk: Any) -> None:
    from prefect.settings import PREFECT_API_URL

    from flows.bootstrap import bootstrap as bring_up_to_date

    url = PREFECT_API_URL.value().replace("://", "://me:hunter2@")
    told = bring_up_to_date(desk.settings, url).to_json()
    assert told["api_url"] == url.replace("hunter2", "********")


def test_a_server_that_takes_no_deployments_in_time_is_told(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.bootstrap.DEPLOY_SECONDS", 0.05)
    with pytest.raises(HoldfastError, match=r"not registered at http.* within 0\.05 s.*log"):
        run(desk)


def test_the_command_that_deploys_logs_in_as_this_process_does() -> None:
    """It works elsewhere, and does not see a login in the `.env` of the project."""
    from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings

    from flows.bootstrap import deploy_all
    from flows.deployments import deployments_of

    shown: list[str | None] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers["Authorization"])
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with (
            temporary_settings({PREFECT_API_AUTH_STRING: "admin:secret"}),
            pytest.raises(HoldfastError, match="could not be registered"),
        ):
            deploy_all(deployments_of(Settings()), f"http://127.0.0.1:{server.server_port}/api")
        server.shutdown()
    assert set(shown) == {f"Basic {base64.b64encode(b'admin:secret').decode()}"}


def test_a_block_that_is_not_there_is_told_before_anything_is_changed(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.bootstrap.deploy_all", lambda *_: pytest.fail("it deployed"))
    desk.change(orchestration=OrchestrationSettings(notification_block="slack-webhook/nowhere"))
    with pytest.raises(ConfigError, match=r"no block slack-webhook/nowhere"):
        run(desk)


@pytest.mark.usefixtures("only_the_rest")
def test_a_block_that_is_there_is_notified_as_long_as_it_is_set(desk: Any) -> None:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock as Webhook

    webhook = Webhook(name="ops", url="http://127.0.0.1:1/", json_data={"text": "{{body}}"})
    webhook.save("ops", overwrite=True)
    kind = Webhook.get_block_type_slug()
    desk.change(orchestration=OrchestrationSettings(notification_block=f"{kind}/ops"))
    done = run(desk)
    assert "holdfast: tell of failed and waiting runs" in done.automations
    (action,) = automation("holdfast: tell of failed and waiting runs").actions
    assert action.type == "send-notification"
    desk.change(orchestration=OrchestrationSettings())
    with client() as api:
        mine = automation("holdfast: tell of failed and waiting runs").trigger
        api.create_automation(AutomationCore(name="mine", trigger=mine, actions=[action]))
        assert "holdfast: tell of failed and waiting runs" not in run(desk).automations
        left = {one.name for one in api.read_automations()}
        api.delete_automation(automation("mine").id)
    assert not [name for name in left if name.startswith("holdfast: tell of")]
    assert {"mine", FRESH} <= left
