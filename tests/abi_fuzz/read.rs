//! Everything there is to read in a result.

use super::Fuzz;
use sapiens::ffi::*;
use std::ffi::CStr;
use std::ptr::{null, null_mut};

impl Fuzz {
    pub fn read(&mut self) {
        let results = self.results.clone();
        let result = self.handle(&results);
        let size = |bytes: usize| bytes as u32;
        // SAFETY: all structs are plain data, and as large as they say.
        unsafe {
            let mut info: SapiensResultInfo = std::mem::zeroed();
            info.struct_size = size(size_of_val(&info));
            let known = sapiens_result_info(result, &mut info);
            self.note(known);
            let mut pose: SapiensPose = std::mem::zeroed();
            pose.struct_size = size(size_of_val(&pose));
            let person = self.number(&[0, 1]);
            let status = sapiens_result_pose(result, person, &mut pose);
            if self.note(status) {
                let keypoints = std::slice::from_raw_parts(pose.keypoints, pose.count as usize);
                assert!(keypoints.iter().all(|k| k.x.is_finite() && k.y.is_finite()));
            }
            let mut calm: SapiensPose = std::mem::zeroed();
            calm.struct_size = size(size_of_val(&calm));
            let status = sapiens_result_filtered_pose(result, person, &mut calm);
            if self.note(status) {
                assert_eq!((calm.count, calm.timestamp_ns), (pose.count, pose.timestamp_ns), "beside the raw one");
            }
            let mut who: SapiensPerson = std::mem::zeroed();
            who.struct_size = size(size_of_val(&who));
            let status = sapiens_result_person(result, person, &mut who);
            if self.note(status) {
                let is_tracked = who.state != SapiensTrackState::None as i32;
                assert_eq!(is_tracked, who.id != 0, "an id, and only with a state");
                assert!(who.bbox.width > 0.0 && who.estimate.height > 0.0 && who.age_frames >= u32::from(is_tracked));
            }
            let mut map: SapiensMap = std::mem::zeroed();
            map.struct_size = size(size_of_val(&map));
            let (who, kind) = (self.number(&[0, u32::MAX]) as i32, self.number(&[0, 1, 2, 3, 5, 9]) as i32);
            let call = self.pick(&[sapiens_result_map, sapiens_result_filtered_map]);
            let status = call(result, who, kind, &mut map);
            if self.note(status) {
                let last = i64::from(map.height - 1) * map.row_stride + i64::from(map.width - 1) * map.pixel_stride;
                std::ptr::read_volatile(map.data.cast::<u8>().offset(last as isize));
            }
            // As large as it says; strides that would lead out of it are refused.
            let mut copy = vec![0_u8; 1 << 16];
            let target = SapiensMapTarget {
                struct_size: size(size_of::<SapiensMapTarget>()),
                memory: self.pick(&[0, 0, 0, 1, 2, -1]),
                filtered: self.number(&[0, 1]),
                reserved: u32::from(self.one_in(20)),
                data: copy.as_mut_ptr().cast(),
                row_stride: self.pick(&[0, 7, 96, 97, 400, 1200, i64::MIN, i64::MAX]),
                size: copy.len() as u64,
                stream: null_mut(),
                event: null_mut(),
            };
            let status = sapiens_result_copy_map(result, who, kind, &target);
            self.note(status);
            let mut check: SapiensPointsCheck = std::mem::zeroed();
            check.struct_size = size(size_of_val(&check));
            let status = sapiens_result_points_check(result, who, &mut check);
            if self.note(status) {
                let disagrees = check.agreement == SapiensAgreement::Disagrees as i32;
                assert!(check.is_valid == u32::from(!disagrees) && check.factor > 0.0);
            }
            let (mut text, mut length) = (null(), 0);
            let status = sapiens_result_json(result, &mut text, &mut length);
            if self.note(status) {
                assert_eq!(CStr::from_ptr(text).to_bytes().len() as u64, length);
            }
        }
    }
}
