// What the host fills in. Fields are named as in sapiens.h, which explains them.
using System;
using System.Runtime.InteropServices;

namespace Sapiens.Interop
{
    [NativeTwin("SapiensContextOptions")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeContextOptions
    {
        public uint struct_size;
        public uint abi_version;
        public IntPtr onnxruntime_path;
        public IntPtr devices;
        public uint threads;
        public uint low_memory;
        public uint flip_test;
        public int log_level;
        public int log_delivery;
        public uint reserved;
        public IntPtr log_callback;
        public IntPtr user_data;
        public IntPtr cache_folder;
        public ulong memory_budget;
    }

    [NativeTwin("SapiensLoadOptions")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeLoadOptions
    {
        public uint struct_size;
        public uint tasks;
        public int precision;
        public uint input_width;
        public uint input_height;
        public uint regions;
        public IntPtr progress;
        public IntPtr user_data;
        public ulong winograd_bytes;
        public int device_framing;
        public uint recorded;
    }

    [NativeTwin("SapiensStreamOptions")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeStreamOptions
    {
        public uint struct_size;
        public uint depth;
        public int policy;
        public int delivery;
        public int map_space;
        public int framing;
        public uint tasks;
        public uint keep_image;
        public long budget_ns;
        public IntPtr callback;
        public IntPtr user_data;
        public uint detect;
        public uint detect_every;
        public float detect_threshold;
        public float detect_overlap;
        public uint track;
        public int person_policy;
        public uint person_count;
        public uint max_people;
        public float person_x;
        public float person_y;
        public float track_new_score;
        public uint track_memory_ms;
        public uint filter;
        public uint filter_maps;
        public IntPtr filter_options;
        public IntPtr map_filter_options;
        public ulong batch_memory;
        public int regions;
        public int overlap;
        public uint device_maps;
        public uint reserved;
    }

    [NativeTwin("SapiensOneEuro")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeOneEuro
    {
        public float min_cutoff_hz;
        public float beta;
        public float speed_cutoff_hz;
    }

    [NativeTwin("SapiensFilterOptions")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeFilterOptions
    {
        public uint struct_size;
        public NativeOneEuro body;
        public NativeOneEuro feet;
        public NativeOneEuro hands;
        public NativeOneEuro face;
        public float min_score;
        public uint hold_ms;
        public uint reset_after_ms;
    }

    [NativeTwin("SapiensMapFilterOptions")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeMapFilterOptions
    {
        public uint struct_size;
        public float normal_time_s;
        public float normal_still_degrees;
        public float normal_moving_degrees;
        public float points_time_s;
        public float points_max_factor;
        public float points_tolerance_m;
        public float points_max_misfits;
        public uint reset_after_ms;
    }

    [NativeTwin("SapiensTaskOptions")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeTaskOptions
    {
        public uint struct_size;
        public uint every_n;
        public int priority;
    }

    [NativeTwin("SapiensImage")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeImage
    {
        public uint struct_size;
        public int format;
        public uint width;
        public uint height;
        public int memory;
        public int orientation;
        public int color;
        public uint reserved;
        public long row_stride;
        public long chroma_stride;
        public IntPtr data;
        public IntPtr chroma;
        public long timestamp_ns;
        public IntPtr stream;
        public IntPtr @event;
    }

    [NativeTwin("SapiensSubmitOptions")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeSubmitOptions
    {
        public uint struct_size;
        public uint tasks;
        public uint flags;
        public uint box_count;
        public IntPtr boxes;
        public IntPtr release;
        public IntPtr user_data;
    }
}
