import pulumi
import pulumi_trivet as trivet

pipeline = trivet.GcpTrainingPipeline(
    "training",
    location="us-central1",
    image="us-central1-docker.pkg.dev/my-project/my-repository/worker@sha256:"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    max_concurrency=20,
    alert_email="you@example.org",
    schedules=[trivet.ScheduleArgs(name="nightly", cron="0 3 * * *", job="sentiment")],
    transform={"worker": {"description": "Trains at night."}},
)

pulumi.export("storeUrl", pipeline.store_url)
pulumi.export("queueUrl", pipeline.queue_url)
