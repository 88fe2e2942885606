// The functions of sapiens.h, name by name. What they do is said there.
using System;
using System.Runtime.InteropServices;

namespace Sapiens.Interop
{
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void NativeLogCallback(IntPtr user_data, int level, IntPtr message);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int NativeProgressCallback(IntPtr user_data, IntPtr stage, ulong done, ulong total);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void NativeResultCallback(IntPtr user_data, IntPtr stream, IntPtr result);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void NativeReleaseCallback(IntPtr user_data, ulong frame);

    internal static unsafe class Native
    {
        /// <summary>libsapiens.so, libsapiens.dylib or sapiens.dll, as the platform calls it.</summary>
        private const string Library = "sapiens";

        private const CallingConvention Cdecl = CallingConvention.Cdecl;

        /// <summary>SAPIENS_ABI_VERSION of the header these declarations were written from; the library compares it with its own.</summary>
        internal const uint AbiVersion = 1;

        /// <summary>SAPIENS_WAIT_FOREVER.</summary>
        internal const uint WaitForever = uint.MaxValue;

        /// <summary>SAPIENS_SUBMIT_FLAGS_BORROW.</summary>
        internal const uint SubmitFlagsBorrow = 1;

        /// <summary>SAPIENS_SUBMIT_FLAGS_IGNORE_CADENCE.</summary>
        internal const uint SubmitFlagsIgnoreCadence = 2;

        [DllImport(Library, CallingConvention = Cdecl)] internal static extern uint sapiens_version();
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern uint sapiens_abi_version();
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern IntPtr sapiens_build_info();
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern IntPtr sapiens_last_error();
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern IntPtr sapiens_status_name(int status);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern IntPtr sapiens_task_name(uint task);

        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_keypoint_count(out uint count);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_keypoint(uint index, ref NativeKeypointInfo info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_link_count(out uint count);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_link(uint index, ref NativeLinkInfo info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_class_count(out uint count);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_class(uint index, ref NativeClassInfo info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_set_keypoint(uint keypoints, uint index, ref NativeKeypointInfo info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_set_link_count(uint keypoints, out uint count);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_set_link(uint keypoints, uint index, ref NativeLinkInfo info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_keypoint_counterpart(uint from, uint index, uint to, out uint counterpart);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_set_class(uint classes, uint index, ref NativeClassInfo info);

        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_options_default(out NativeContextOptions options, uint struct_size);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_load_options_default(out NativeLoadOptions options, uint struct_size);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_options_default(out NativeStreamOptions options, uint struct_size);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_filter_options_default(out NativeFilterOptions options, uint struct_size);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_map_filter_options_default(out NativeMapFilterOptions options, uint struct_size);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_task_options_default(out NativeTaskOptions options, uint struct_size);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_image_default(out NativeImage image, uint struct_size);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_submit_options_default(out NativeSubmitOptions options, uint struct_size);

        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_create(ref NativeContextOptions options, out IntPtr context);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_destroy(ref IntPtr context);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_runtime(ContextHandle context, ref NativeRuntimeInfo info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_try_device(ContextHandle context, byte* device);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_process_events(ContextHandle context);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_shutdown_all();
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_load(ContextHandle context, byte* path, ref NativeLoadOptions options, out uint model_id);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_load_memory(ContextHandle context, byte* name, byte* data, ulong size, ref NativeLoadOptions options, out uint model_id);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_cancel_loads(ContextHandle context);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_unload(ContextHandle context, uint model_id);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_model_count(ContextHandle context, out uint count);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_model(ContextHandle context, uint index, ref NativeModelInfo info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_load_detector(ContextHandle context, byte* path, ref NativeLoadOptions options);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_unload_detector(ContextHandle context);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_context_detector(ContextHandle context, ref NativeModelInfo info);

        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_create(ContextHandle context, ref NativeStreamOptions options, out IntPtr stream);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_destroy(ref IntPtr stream);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_set_task(StreamHandle stream, uint task, ref NativeTaskOptions options);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_set_people(StreamHandle stream, ref NativeStreamOptions options);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_expect_entry(StreamHandle stream);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_poll(StreamHandle stream, uint timeout_ms, out IntPtr result);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_cancel(StreamHandle stream, ulong frame);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_flush(StreamHandle stream, uint timeout_ms);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_statistics(StreamHandle stream, ref NativeStatistics statistics);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_submit(StreamHandle stream, ref NativeImage image, ref NativeSubmitOptions options, uint timeout_ms, out ulong frame);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_stream_submit_file(StreamHandle stream, byte* path, ref NativeSubmitOptions options, uint timeout_ms, out ulong frame);

        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_retain(IntPtr result);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_release(ref IntPtr result);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_info(ResultHandle result, ref NativeResultInfo info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_timing(ResultHandle result, uint index, out IntPtr stage, out double ms);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_person(ResultHandle result, uint person, ref NativePerson info);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_pose(ResultHandle result, uint person, ref NativePose pose);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_filtered_pose(ResultHandle result, uint person, ref NativePose pose);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_map(ResultHandle result, int person, int kind, ref NativeMap map);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_filtered_map(ResultHandle result, int person, int kind, ref NativeMap map);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_copy_map(ResultHandle result, int person, int kind, ref NativeMapTarget target);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_points_check(ResultHandle result, int person, ref NativePointsCheck check);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_json(ResultHandle result, out IntPtr json, out ulong length);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_write_json(ResultHandle result, byte* path);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_write_map_png(ResultHandle result, int person, int kind, byte* path);
        [DllImport(Library, CallingConvention = Cdecl)] internal static extern int sapiens_result_write_skeleton_png(ResultHandle result, byte* path);
    }
}
