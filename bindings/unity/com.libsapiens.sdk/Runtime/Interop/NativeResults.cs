// What the library fills in. Fields are named as in sapiens.h, which explains them.
using System;
using System.Runtime.InteropServices;

namespace Sapiens.Interop
{
    [NativeTwin("SapiensKeypointInfo")]
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct NativeKeypointInfo
    {
        public uint struct_size;
        public uint flip;
        public IntPtr name;
        public int group;
        public float sigma;
        public fixed byte color[3];
        public fixed byte reserved[5];
    }

    [NativeTwin("SapiensLinkInfo")]
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct NativeLinkInfo
    {
        public uint struct_size;
        public uint from;
        public uint to;
        public fixed byte color[3];
        public byte reserved;
    }

    [NativeTwin("SapiensClassInfo")]
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct NativeClassInfo
    {
        public uint struct_size;
        public uint flip;
        public IntPtr name;
        public fixed byte color[3];
        public fixed byte reserved[5];
    }

    [NativeTwin("SapiensRuntimeInfo")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeRuntimeInfo
    {
        public uint struct_size;
        public uint reserved;
        public IntPtr path;
        public IntPtr version;
        public IntPtr providers;
    }

    [NativeTwin("SapiensModelInfo")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeModelInfo
    {
        public uint struct_size;
        public uint id;
        public uint tasks;
        public uint input_width;
        public uint input_height;
        public int precision;
        public ulong parameters;
        public IntPtr name;
        public IntPtr size;
        public IntPtr licence;
        public IntPtr device;
        public IntPtr provider;
        public IntPtr refused;
        public IntPtr source_sha256;
        public uint keypoints;
        public uint classes;
        public ulong memory_bytes;
        public double load_ms;
        public uint loads;
        public uint evictions;
        public uint is_loaded;
        public uint frames_on_device;
        public IntPtr certificate;
    }

    [NativeTwin("SapiensStatistics")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeStatistics
    {
        public uint struct_size;
        public uint reserved;
        public ulong submitted;
        public ulong completed;
        public ulong failed;
        public ulong dropped_frames;
        public ulong dropped_results;
        public ulong cancelled;
        public uint waiting;
        public uint working;
        public uint finished;
        public uint tracks;
        public double wait_ms;
        public double convert_ms;
        public double preprocess_ms;
        public double model_ms;
        public double postprocess_ms;
        public double total_ms;
        public ulong detector_runs;
        public double detect_ms;
        public ulong model_loads;
        public double load_ms;
    }

    [NativeTwin("SapiensResultInfo")]
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct NativeResultInfo
    {
        public uint struct_size;
        public int status;
        public IntPtr message;
        public ulong frame;
        public long timestamp_ns;
        public uint image_width;
        public uint image_height;
        public fixed double buffer_from_image[6];
        public uint person_count;
        public uint tasks;
        public ulong dropped_before;
        public double wait_ms;
        public double total_ms;
        public uint timing_count;
        public uint detector_ran;
        public ulong to_device_bytes;
        public ulong to_host_bytes;
    }

    [NativeTwin("SapiensPerson")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativePerson
    {
        public uint struct_size;
        public uint tasks;
        public SapiensBox bbox;
        public int origin;
        public int state;
        public ulong id;
        public float score;
        public int box_index;
        public uint age_frames;
        public uint missed_frames;
        public long age_ns;
        public long unseen_ns;
        public SapiensBox estimate;
        public float velocity_x;
        public float velocity_y;
        public uint sightings;
        public uint is_chosen;
    }

    [NativeTwin("SapiensPose")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativePose
    {
        public uint struct_size;
        public uint count;
        public IntPtr keypoints;
        public uint stride;
        public uint age_frames;
        public SapiensBox bbox;
        public long timestamp_ns;
    }

    [NativeTwin("SapiensMap")]
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct NativeMap
    {
        public uint struct_size;
        public int element;
        public int memory;
        public uint width;
        public uint height;
        public uint channels;
        public IntPtr data;
        public long row_stride;
        public long pixel_stride;
        public long channel_stride;
        public fixed double image_from_map[6];
        public long timestamp_ns;
        public uint age_frames;
        public uint classes;
    }

    [NativeTwin("SapiensMapTarget")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeMapTarget
    {
        public uint struct_size;
        public int memory;
        public uint filtered;
        public uint reserved;
        public IntPtr data;
        public long row_stride;
        public ulong size;
        public IntPtr stream;
        public IntPtr @event;
    }

    [NativeTwin("SapiensPointsCheck")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativePointsCheck
    {
        public uint struct_size;
        public int agreement;
        public uint is_valid;
        public float factor;
        public float misfits;
        public uint compared;
        public long timestamp_ns;
        public uint age_frames;
        public uint reserved;
    }
}
