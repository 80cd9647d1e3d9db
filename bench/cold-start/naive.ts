// A worker as one would write it without a thought of cold starts: everything it could ever need is imported first.
import "./old-util.ts";
import * as s3 from "@aws-sdk/client-s3";
import * as sqs from "@aws-sdk/client-sqs";
import * as identity from "@azure/identity";
import * as blobs from "@azure/storage-blob";
import * as queues from "@azure/storage-queue";
import * as storage from "@google-cloud/storage";
import * as tfjs from "@tensorflow/tfjs-node";
import * as auth from "google-auth-library";
import * as custom from "../../worker-runtime/src/models/custom.ts";
import * as images from "../../worker-runtime/src/models/image-classification.ts";
import * as ratings from "../../worker-runtime/src/models/recommendation.ts";
import * as texts from "../../worker-runtime/src/models/text-classification.ts";
import * as finish from "../../worker-runtime/src/protocol/finish.ts";
import * as protocol from "../../worker-runtime/src/protocol/worker.ts";
import * as learner from "../../worker-runtime/src/training/learner.ts";

// Held, so that a bundler leaves none out.
const everything = [s3, sqs, identity, blobs, queues, storage, tfjs, auth, custom, images, ratings, texts, finish];
Object.assign(globalThis, { everything: [...everything, protocol, learner] });

await import("../../worker-runtime/src/clouds/main.ts");
