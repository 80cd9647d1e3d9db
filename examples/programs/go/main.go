package main

import (
	"example.com/pulumi-trivet/sdk/go/trivet"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		pipeline, err := trivet.NewAzureTrainingPipeline(ctx, "training", &trivet.AzureTrainingPipelineArgs{
			Location:       pulumi.String("westus3"),
			Image:          pulumi.String("mine.azurecr.io/worker@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
			MaxConcurrency: pulumi.Float64(20),
			AlertEmail:     pulumi.String("you@example.org"),
			Schedules:      []trivet.ScheduleArgs{{Name: "nightly", Cron: pulumi.String("0 3 * * *"), Job: pulumi.String("sentiment")}},
		})
		if err != nil {
			return err
		}
		ctx.Export("storeUrl", pipeline.StoreUrl)
		ctx.Export("queueUrl", pipeline.QueueUrl)
		return nil
	})
}
