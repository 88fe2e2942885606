//! Models that come and go while streams work.

use crate::common::quiet;
use crate::support::{check_books, context, ends, engine, frame, load, options, photo, poll, shade, submit};
use sapiens::engine::{ModelSource, Request};
use sapiens::error::{Error, ErrorKind};
use sapiens::live::{LoadRequest, ModelId, Policy, Stream};
use sapiens::spec::Task;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

#[test]
fn a_model_may_go_and_come_while_frames_are_in_work() {
    ends(|| {
        let context = context();
        let stream = Arc::new(Stream::new(&context, options(Policy::Block, 4)).unwrap());
        let mut id = load(&context, &[Task::Pose]);
        let image = photo("standing");
        let expected = engine(&[Task::Pose]).run(&image, &Request::default()).unwrap();
        let (go_on, submitting) = (Arc::new(()), Arc::clone(&stream));
        let running = Arc::downgrade(&go_on);
        let camera = thread::spawn({
            let image = image.clone();
            move || {
                let mut sent = 0;
                while running.strong_count() > 0 {
                    sent = submit(&submitting, frame(&image, 0));
                }
                sent
            }
        });
        // Every frame has either the whole result of a model or a reason, in order, whenever the model goes.
        let mut next = 1;
        let mut wait_for = |there: bool| loop {
            let result = poll(&stream);
            assert_eq!(result.frame, next);
            next += 1;
            match &result.outcome {
                Ok(()) => {
                    let pose = result.people[0].pose.as_ref().unwrap();
                    assert_eq!(Some(&*pose.value), expected.people[0].pose.as_ref());
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
            }
            if result.outcome.is_ok() == there {
                return;
            }
        };
        for _ in 0..3 {
            wait_for(true);
            context.unload(id).unwrap();
            assert!(context.models().is_empty());
            wait_for(false);
            id = load(&context, &[Task::Pose]);
        }
        wait_for(true);
        drop(go_on);
        let sent = loop {
            poll(&stream);
            if camera.is_finished() {
                break camera.join().unwrap();
            }
        };
        // What is left fits into the results.
        assert_eq!(stream.statistics().submitted, sent);
        check_books(&stream.statistics());
    });
}

#[test]
fn streams_go_on_during_a_load() {
    ends(|| {
        let context = context();
        load(&context, &[Task::Pose]);
        let stream = Stream::new(&context, options(Policy::Block, 2)).unwrap();
        let mut during = Vec::new();
        let request = LoadRequest { tasks: Some(vec![Task::Normal]), ..LoadRequest::default() };
        let mut progress = |_, _, _| {
            if during.len() < 3 {
                submit(&stream, frame(&shade(9), 0));
                during.push(poll(&stream).tasks.clone());
            }
            Ok(())
        };
        context.load(&ModelSource::Demo, &request, &mut progress).unwrap();
        assert!(!during.is_empty() && during.iter().all(|tasks| tasks == &[Task::Pose]), "{during:?}");
        submit(&stream, frame(&shade(9), 0));
        assert_eq!(poll(&stream).tasks, [Task::Pose, Task::Normal]);
    });
}

#[test]
fn loads_stop_when_told_and_leave_nothing() {
    ends(|| {
        let (cancelled, other) = (context(), context());
        let (begun, has_begun) = channel();
        let (go, may_go) = channel::<()>();
        let loading = thread::spawn({
            let cancelled = Arc::clone(&cancelled);
            move || {
                let mut is_first = true;
                let mut progress = |_, _, _| {
                    if std::mem::take(&mut is_first) {
                        begun.send(()).unwrap();
                        may_go.recv().unwrap();
                    }
                    Ok(())
                };
                cancelled.load(&ModelSource::Demo, &LoadRequest::default(), &mut progress)
            }
        });
        has_begun.recv().unwrap();
        cancelled.cancel_loads();
        go.send(()).unwrap();
        assert_eq!(loading.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(cancelled.models().is_empty());
        // Neither another context nor a later load is concerned; an error of the host's own comes back as it is.
        load(&other, &[Task::Pose]);
        load(&cancelled, &[Task::Pose]);
        let own = |_, _, _| Err(Error::new(ErrorKind::Cancelled, "the host has had enough"));
        let tasks = Some(vec![Task::Seg]);
        let error = cancelled.load(&ModelSource::Demo, &LoadRequest { tasks, ..Default::default() }, &mut { own });
        assert_eq!(error.unwrap_err().to_string(), "the host has had enough");
        assert_eq!(cancelled.models().len(), 1);
    });
}

#[test]
fn a_load_that_is_cut_off_by_the_end_says_so() {
    ends(|| {
        let context = context();
        let ending = Arc::clone(&context);
        let mut progress = |_, _, _| {
            ending.shutdown().unwrap();
            Ok(())
        };
        let error = context.load(&ModelSource::Demo, &LoadRequest::default(), &mut progress).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ShutDown);
        assert!(context.models().is_empty());
        let error = context.load(&ModelSource::Demo, &LoadRequest::default(), &mut quiet).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ShutDown);
    });
}

#[test]
fn two_models_for_one_task_are_one_too_many() {
    ends(|| {
        let context = context();
        let first = load(&context, &[Task::Pose]);
        let error = context.load(&ModelSource::Demo, &LoadRequest::default(), &mut quiet).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("`pose`"), "{error}");
        let second = load(&context, &[Task::Seg]);
        let ids: Vec<_> = context.models().iter().map(|report| report.id).collect();
        assert_eq!(ids, [first, second]);
        context.unload(first).unwrap();
        for gone in [first, ModelId::from(99)] {
            let error = context.unload(gone).unwrap_err();
            assert!(error.to_string().contains(&format!("model_id {}", gone.number())), "{error}");
        }
        assert_ne!(load(&context, &[Task::Pose]), first, "numbers are not used twice");
    });
}
