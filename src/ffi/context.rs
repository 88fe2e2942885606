//! Exports about contexts.

use super::context_types::{SapiensContext, SapiensContextOptions, SapiensRuntimeInfo};
use super::convert::context_options;
use super::guard::{check_struct, guard, output, read_or, text, write};
use super::status::{SapiensStatus, c_text};
use super::stream::{STREAMS, destroy_streams};
use super::table::Table;
use crate::live::Context;
use std::collections::BTreeSet;
use std::ffi::{CString, c_char};
use std::sync::{Arc, Mutex, PoisonError};

/// A context and the texts it has given out.
pub(super) struct Host {
    pub live: Arc<Context>,
    texts: Mutex<BTreeSet<CString>>,
}

impl Host {
    /// A text that lives as long as the context. Equal texts are kept once.
    pub fn text(&self, text: impl Into<String>) -> *const c_char {
        let text = c_text(text);
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = texts.get(&text) {
            return known.as_ptr();
        }
        // The bytes of a CString stay where they are when it moves.
        let pointer = text.as_ptr();
        texts.insert(text);
        pointer
    }
}

pub(super) static CONTEXTS: Table<Host> = Table::new(1, "context");

/// Texts about ONNX Runtime: it stays for ever, and so do they.
static RUNTIME_TEXTS: Mutex<BTreeSet<CString>> = Mutex::new(BTreeSet::new());

/// Makes a context. Fast: no model is loaded, and ONNX Runtime is opened here only if `options` names it.
///
/// `options`: NULL for the defaults. `*context`: the new context; untouched on failure. Free it with
/// `sapiens_context_destroy`. A process may have several.
///
/// Fails with ABI_MISMATCH if the header the caller was compiled with does not fit the library, with LIBRARY if the ONNX
/// Runtime named cannot be used, with INVALID_ARGUMENT for an unknown device.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_create(
    options: *const SapiensContextOptions,
    context: *mut *mut SapiensContext,
) -> SapiensStatus {
    guard(|| {
        let out = unsafe { output(context, "context")? };
        let options = unsafe { read_or(options, "options", SapiensContextOptions::DEFAULT)? };
        let live = Context::new(unsafe { context_options(&options)? })?;
        *out = CONTEXTS.insert(Arc::new(Host { live, texts: Mutex::default() }))?;
        Ok(())
    })
}

/// Frees a context with its models and streams, and sets `*context` to NULL. Waits for the frames in work (they are discarded)
/// and for callbacks that run; none runs after it. Borrowed pixels are released before it returns. Results live on. Safe to
/// call twice, and with `*context` NULL.
///
/// Fails with WRONG_THREAD from an IMMEDIATE callback, and from any callback that a callback on another thread is waiting
/// for: then nothing new begins, and a later call ends it.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_destroy(context: *mut *mut SapiensContext) -> SapiensStatus {
    guard(|| {
        let handle = unsafe { output(context, "context")? };
        if !handle.is_null() {
            match CONTEXTS.get(*handle) {
                Ok(host) => {
                    host.live.shutdown()?;
                    destroy_streams(&host)?;
                    // Another thread may have been faster.
                    CONTEXTS.remove(*handle).ok();
                }
                Err(failure) if failure.status == SapiensStatus::ShutDown => {}
                Err(failure) => return Err(failure),
            }
        }
        *handle = std::ptr::null_mut();
        Ok(())
    })
}

/// Describes the ONNX Runtime this context uses, and opens it if nothing has yet.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_runtime(
    context: *mut SapiensContext,
    info: *mut SapiensRuntimeInfo,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(info, "info")? };
        let library = CONTEXTS.get(context)?.live.library()?;
        let mut texts = RUNTIME_TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keep = |text: String| -> *const c_char {
            let text = c_text(text);
            texts.insert(text.clone());
            texts.get(&text).map_or(c"".as_ptr(), |kept| kept.as_ptr())
        };
        let found = SapiensRuntimeInfo {
            struct_size: 0,
            reserved: 0,
            path: keep(library.path().display().to_string()),
            version: keep(library.version().to_owned()),
            providers: keep(library.providers().join(",")),
        };
        unsafe { write(info, "info", found) }
    })
}

/// Runs a tiny graph on a device, such as "cuda:0": OK if it works, DEVICE and the reason if not. May take a second.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_try_device(
    context: *mut SapiensContext,
    device: *const c_char,
) -> SapiensStatus {
    guard(|| {
        let host = CONTEXTS.get(context)?;
        let device = unsafe { text(device, "device")? }.trim().parse()?;
        Ok(host.live.try_device(device)?)
    })
}

/// Calls the callbacks whose delivery is EVENTS, on this thread: log messages first, then results, each stream's in order. No
/// callback of that kind ever runs elsewhere. Never waits for work in progress: call it once per frame of the game.
///
/// Callbacks may call any function but this one, which answers WRONG_THREAD from inside them.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_process_events(context: *mut SapiensContext) -> SapiensStatus {
    guard(|| {
        let host = CONTEXTS.get(context)?;
        Ok(host.live.process_events()?)
    })
}

/// Ends everything: destroys every context and stream of the process, joins every thread, drops every callback, releases
/// every borrowed frame. For hosts that unload or reload code, such as editors. Safe to call twice; new contexts can be
/// made afterwards. Old handles answer SHUT_DOWN, and may still be given to their destroy function. Results live on until
/// they are released. Fails with WRONG_THREAD as `sapiens_context_destroy`; call it again then.
#[unsafe(no_mangle)]
pub extern "C" fn sapiens_shutdown_all() -> SapiensStatus {
    guard(|| {
        // Contexts made meanwhile by other threads are theirs to end.
        for host in CONTEXTS.all() {
            host.live.shutdown()?;
        }
        drop((STREAMS.shut_down(|_| true), CONTEXTS.shut_down(|host| host.live.is_shut_down())));
        Ok(())
    })
}
